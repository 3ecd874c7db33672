import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ENVIRONMENT, output } from './command.ts';

/** A process, by its number in the sandbox. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** `R`, `S`, `Z`… */
  readonly state: string;
}

/**
 * Process 1 of the sandbox: reaps what others leave behind. It ends when its stdin does, that is with the process that
 * made the sandbox at the latest, and everything in the sandbox ends with it.
 */
const HOLDER = ['set -e', 'COVER', 'echo ready', 'read -r _ || true'].join('\n');
const COVER = 'for d in /run /var/lib; do mount -t tmpfs -o mode=755 tmpfs "$d"; done';

/**
 * Network, mount and process namespaces that outlive a daemon, as a machine does: a second daemon finds there what the
 * first one left, and nothing else of the machine sees either.
 */
export class Sandbox implements AsyncDisposable {
  /** Process 1 of the sandbox, as this machine sees it. */
  readonly #holder: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, holder: number) {
    this.#child = child;
    this.#holder = holder;
  }

  /** @param options - `hideDefaults`: with empty `/run` and `/var/lib`, where a daemon without flags lives. */
  static async open(options: { readonly hideDefaults?: boolean } = {}): Promise<Sandbox> {
    const flags = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const script = HOLDER.replace('COVER', options.hideDefaults === true ? COVER : ':');
    const child = spawn('unshare', [...flags, '--propagation', 'private', '--', 'bash', '-c', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: ENVIRONMENT,
    });
    const [line] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as [unknown];
    if (!Buffer.isBuffer(line)) throw new Error('unshare: made no namespaces');
    const pid = String(child.pid);
    return new Sandbox(child, Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()));
  }

  /** The command line that runs a command line inside. */
  entering(argv: readonly string[]): string[] {
    return ['nsenter', '-t', String(this.#holder), '--net', '--mount', '--pid', '--', ...argv];
  }

  /** What a command inside writes to stdout. @throws `Error` when it fails. */
  output(argv: readonly string[]): Promise<string> {
    return output(this.entering(argv));
  }

  /** Signal a process by its number inside, as another program of the machine would. */
  async kill(pid: number, signal: 'KILL' | 'TERM' | 'STOP' | 'CONT' = 'KILL'): Promise<void> {
    await this.output(['kill', `-${signal}`, String(pid)]);
  }

  /** The path of a file of the sandbox, for this process. */
  path(inside: string): string {
    return join(`/proc/${this.#holder}/root`, inside);
  }

  /** A file of `/proc/PID`, by the number inside. */
  proc(pid: number, file: string): string {
    return this.path(join('/proc', String(pid), file));
  }

  isAlive(pid: number): boolean {
    return existsSync(this.proc(pid, 'stat'));
  }

  /** Every process but process 1, and but the one that asks. */
  processes(): Process[] {
    return readdirSync(this.path('/proc'))
      .filter((name) => /^\d+$/.test(name) && name !== '1')
      .flatMap((name) => {
        try {
          const stat = readFileSync(this.proc(Number(name), 'stat'), 'utf8');
          const [, pid, comm = '', state = '', parent] = /^(\d+) \((.*)\) (\S) (\d+)/s.exec(stat) ?? [];
          return [{ pid: Number(pid), parent: Number(parent), name: comm, state }];
        } catch {
          return [];
        }
      });
  }

  /** The mounts of the sandbox's own mount namespace, by mount point. */
  mounts(): string[] {
    const lines = readFileSync(`/proc/${this.#holder}/mountinfo`, 'utf8').trim().split('\n');
    return lines.map((line) => line.split(' ')[4] ?? '').toSorted();
  }

  /** The network interfaces of the sandbox. */
  async interfaces(): Promise<string[]> {
    const lines = (await this.output(['cat', '/proc/net/dev'])).trim().split('\n').slice(2);
    return lines.map((line) => line.split(':')[0]?.trim() ?? '').toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = this.#child.exitCode === null ? once(this.#child, 'exit') : undefined;
    this.#child.stdin?.end();
    await gone;
  }
}
