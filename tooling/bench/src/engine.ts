import { execFileSync } from 'node:child_process';

import { executable, startDaemon, systemNode, type PrivateDaemon } from '@ns/dev/private-daemon';

import { ENVIRONMENT } from './command.ts';

/** ns-daemon of this run, with the busybox image. */
export interface Engine extends AsyncDisposable {
  readonly daemon: PrivateDaemon;
  /** The environment in which `ns` and `docker` find it. */
  readonly env: readonly string[];
  readonly ns: (...args: string[]) => string[];
  readonly docker: (...args: string[]) => string[];
  /** Run `ns` to its end and give what it printed. @throws when it fails. */
  readonly run: (...args: string[]) => string;
}

/** Start the daemon and import a root file system as the image `busybox`. */
export async function startEngine(archive: string): Promise<Engine> {
  const daemon = await startDaemon();
  const env = [`NS_HOST=${daemon.host}`, `DOCKER_HOST=${daemon.host}`];
  const ns = (...args: string[]): string[] => [systemNode(), executable('cli'), ...args];
  const run = (...args: string[]): string => {
    const [program = '', ...rest] = ns(...args);
    return execFileSync(program, rest, {
      encoding: 'utf8',
      env: environment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  };
  try {
    run('import', archive, 'busybox');
  } catch (error) {
    await daemon[Symbol.asyncDispose]();
    throw error;
  }
  return {
    daemon,
    env,
    ns,
    docker: (...args) => ['docker', ...args],
    run,
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}

const environment = (more: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    [...ENVIRONMENT, ...more].map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
