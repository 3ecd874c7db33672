import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The executables of this repository. */
export const executable = (app: keyof typeof EXECUTABLES): string =>
  fileURLToPath(new URL(`../../../apps/${app}/dist/${EXECUTABLES[app]}.js`, import.meta.url));

const EXECUTABLES = { cli: 'ns', daemon: 'ns-daemon', oci: 'ns-oci' } as const;

/** The Node that a user has, which is not the one that runs this repository's tasks. */
export const systemNode = (): string => process.env['NS_SYSTEM_NODE'] ?? process.execPath;

/** A daemon with a socket, state and network of its own; what it keeps is below a temporary directory. */
export interface PrivateDaemon extends AsyncDisposable {
  /** `unix:///…`, for `-H`, `NS_HOST` and `DOCKER_HOST`. */
  readonly host: string;
  readonly process: ChildProcess;
  readonly folder: string;
}

const START_MS = 20_000;
const STOP_MS = 10_000;

/**
 * Start ns-daemon where it meets nobody else's, and wait until it answers.
 *
 * Disposing of it stops it and removes its directory; containers must be gone by then.
 *
 * @throws `Error` with the end of its log when it does not answer within 20 s.
 */
export async function startDaemon(node: string = systemNode()): Promise<PrivateDaemon> {
  // A socket's path has room for 107 bytes, so the directory is not below the repository.
  const folder = mkdtempSync(join(tmpdir(), 'ns-up-'));
  const socket = join(folder, 'ns.sock');
  const log = openSync(join(folder, 'daemon.log'), 'a');
  const args = [
    // The machine's own says nothing here.
    ['--config-file', '/dev/null'],
    ['-H', `unix://${socket}`],
    ['--data-root', join(folder, 'data')],
    ['--exec-root', join(folder, 'exec')],
    ['--pidfile', join(folder, 'ns.pid')],
  ].flat();
  // With a network of its own: its bridge and rules are not the machine's.
  const command = [node, executable('daemon'), ...args];
  const child = spawn('unshare', ['--net', '--', ...command], { stdio: ['ignore', log, log] });
  closeSync(log);
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await gone;
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + START_MS;
  while (!(await answers(socket))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      const tail = readFileSync(join(folder, 'daemon.log'), 'utf8').split('\n').slice(-20).join('\n');
      await stop();
      throw new Error(`ns-daemon: does not answer on ${socket}; its log ends:\n${tail}`);
    }
    await sleep(20);
  }
  return { host: `unix://${socket}`, process: child, folder, [Symbol.asyncDispose]: stop };
}

/** True when an engine answers a ping on the socket. */
function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping', timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.once('error', () => resolve(false));
    ping.once('timeout', () => ping.destroy());
    ping.end();
  });
}
