import { spawn } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { EngineClient } from '@ns/engine-api';
import { NsError } from '@ns/errors';

import type { Cli } from '../cli.js';

/** ns-daemon's own default. */
const DATA_ROOT = '/var/lib/ns';
const LOG = join(DATA_ROOT, 'ns-daemon.log');
const PATIENCE_MS = 15_000;
const INTERVAL_MS = 10;

/**
 * Start ns-daemon, detached, and wait until it answers.
 *
 * @throws {@link NsError} `ERR_NS_CONNECTION`
 */
export async function startDaemon(cli: Cli, client: EngineClient): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw refused(
      `no engine runs at ${client.host}`,
      'run ns as root, which starts ns-daemon, or let root start it',
    );
  }
  const command = findDaemon(__dirname, cli.env['PATH'] ?? '');
  if (command === undefined) {
    throw refused(
      `no engine runs at ${client.host}, and ns-daemon is not installed`,
      'install @ns/daemon, or name an engine with -H',
    );
  }
  const log = openLog();
  const logBytes = fstatSync(log).size;
  // Its own session and directory: it must outlive this command, and hold neither its terminal nor its file system.
  const child = spawn(command.file, command.args, { detached: true, cwd: '/', stdio: ['ignore', log, log] });
  closeSync(log);
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, signal) => (ended = signal === null ? `exit code ${code}` : signal));
  child.unref();
  await untilItAnswers(client, () => ended, logBytes);
  cli.warn(`ns: started ns-daemon (pid ${child.pid}, log ${LOG})`);
}

async function untilItAnswers(
  client: EngineClient,
  ended: () => string | undefined,
  logBytes: number,
): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; ;) {
    try {
      await client.ping();
      return;
    } catch {
      // Another ns may have started one at the same moment: ours ends, and theirs answers soon.
      const reason = ended();
      if (Date.now() > deadline || (reason !== undefined && !(await answersSoon(client)))) {
        throw refused(
          `ns-daemon did not come up (${reason ?? `${PATIENCE_MS / 1000} s`})`,
          logTail(logBytes),
        );
      }
      if (reason !== undefined) return;
    }
    await sleep(INTERVAL_MS);
  }
}

async function answersSoon(client: EngineClient): Promise<boolean> {
  for (let i = 0; i < 50; i++) {
    await sleep(2 * INTERVAL_MS);
    try {
      await client.ping();
      return true;
    } catch {
      // Asked again.
    }
  }
  return false;
}

/** How ns-daemon is started. */
export interface DaemonCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * ns-daemon beside us in the repository, installed as a package beside us, or on PATH.
 *
 * @param from - The directory of this program.
 */
export function findDaemon(from: string, path: string): DaemonCommand | undefined {
  const beside = [join(from, '../../daemon/dist/ns-daemon.js'), ...nodeModules(from)];
  const script = beside.find(exists);
  if (script !== undefined) return { file: process.execPath, args: [realpathSync(script)] };
  const onPath = path
    .split(delimiter)
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, 'ns-daemon'))
    .find(exists);
  return onPath === undefined ? undefined : { file: onPath, args: [] };
}

function nodeModules(from: string): string[] {
  const folders: string[] = [];
  for (let at = from; ; at = dirname(at)) {
    folders.push(join(at, 'node_modules/@ns/daemon/dist/ns-daemon.js'));
    if (dirname(at) === at) return folders;
  }
}

function exists(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function openLog(): number {
  try {
    mkdirSync(DATA_ROOT, { recursive: true, mode: 0o711 });
    return openSync(LOG, 'a', 0o640);
  } catch (cause) {
    throw refused(
      `the log of ns-daemon, ${LOG}, cannot be written`,
      'start ns-daemon with another --data-root',
      cause,
    );
  }
}

/** What the daemon has to say about its failure. */
function logTail(from: number): string {
  const lines = readFileSync(LOG).subarray(from).toString('utf8').trim().split('\n');
  return `${LOG} ends: ${lines.slice(-5).join('\n')}`;
}

function refused(message: string, hint: string, cause?: unknown): NsError {
  return new NsError('ERR_NS_CONNECTION', {
    operation: 'connect',
    message,
    hint,
    cause,
  });
}
