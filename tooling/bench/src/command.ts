import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { pidfdOpen, spawn, waitPidfd, watch } from '@ns/syscall';
import { which } from '@ns/testing';

import { since, type MissingSubject, type Subject } from './measure.ts';

/** What every command gets: no more than a bare environment, and nothing that slows Node's start. */
export const ENVIRONMENT: readonly string[] = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'LANG=C',
];

/** Runs commands with the cheapest spawn there is, and measures from before it until their end is known. */
export class Commands {
  readonly #scratch: string;

  constructor(scratch: string) {
    this.#scratch = scratch;
  }

  /**
   * Run a command to its end, without input or output.
   *
   * @returns Milliseconds.
   * @throws `Error` with the last line it wrote to stderr when its status is not 0.
   */
  async time(argv: readonly string[], env: readonly string[] = []): Promise<number> {
    const stderr = join(this.#scratch, 'stderr');
    const nothing = openSync('/dev/null', 'r+');
    const errors = openSync(stderr, 'w');
    try {
      const start = process.hrtime.bigint();
      const pid = spawn(argv[0] ?? '', {
        argv,
        envp: [...ENVIRONMENT, ...env],
        fds: { 0: nothing, 1: nothing, 2: errors },
      });
      const status = await ending(pid);
      const took = since(start);
      if (status === 0) return took;
      const said = readFileSync(stderr, 'utf8').trim().split('\n').at(-1);
      throw new Error(`${argv.join(' ')}: status ${status}${said ? `: ${said}` : ''}`);
    } finally {
      closeSync(nothing);
      closeSync(errors);
    }
  }

  /** A subject that is a command, or says that it is not installed. */
  subject(
    name: string,
    argv: (round: number) => readonly string[],
    env?: readonly string[],
  ): Subject | MissingSubject {
    let round = 0;
    const [program = ''] = argv(round);
    const path = program.startsWith('/') ? program : which(program);
    if (path === undefined) return { name, missing: `${program} is not installed` };
    return {
      name,
      run: () => {
        round += 1;
        return this.time([path, ...argv(round).slice(1)], env);
      },
    };
  }
}

/** The wait status of a child of `spawn`, learnt in the event loop as the driver learns it. */
function ending(pid: number): Promise<number> {
  const pidfd = pidfdOpen(pid);
  return new Promise((resolve) => {
    const watcher = watch(pidfd.fd, { readable: true }, () => {
      const status = waitPidfd(pidfd.fd);
      if (status === undefined) return;
      watcher.close();
      pidfd.close();
      resolve(status.kind === 'exited' ? status.code : 255);
    });
  });
}
