import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { Readable, type Writable } from 'node:stream';

import { PORTS } from './emulator.ts';

/** What a command under the second kernel is connected to, and how long it may take. */
export interface Streams {
  /** Without one, the command reads the end at once. */
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  /** Where the kernel's console goes. Without one, its end is shown on `stderr` when the virtual machine fails. */
  readonly console?: Writable;
  /** 600 when not given. */
  readonly timeoutSeconds?: number;
  /** Ends the virtual machine. */
  readonly signal?: AbortSignal;
}

/** The exit status of a run that took too long. */
export const TIMED_OUT = 124;
/** Of one in which the virtual machine itself failed. */
export const BROKEN = 125;
/** Of one that was ended by its `signal`. */
export const STOPPED = 130;

const TAIL = 4000;

/**
 * Run the emulator, hand over what goes through its ports, and wait for its end.
 *
 * @param descriptor - Given to the emulator, after its ports.
 */
export async function emulate(
  command: readonly string[],
  descriptor: number,
  plan: string,
  streams: Streams,
): Promise<number> {
  // The kernel kills it when this process dies, however that comes about: see setpriv(1).
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
    stdio: ['ignore', 'pipe', 'pipe', ...PORTS.map(() => 'pipe' as const), descriptor],
  });
  const gone = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    // Comes when all streams have been read to their ends.
    child.once('close', (code, signal) => resolve(signal ?? `status ${code}`));
  });
  const end = (): boolean => child.kill('SIGKILL');
  const limit = streams.timeoutSeconds ?? 600;
  let isLate = false;
  const timer = setTimeout(() => (isLate = end()), limit * 1000);
  streams.signal?.addEventListener('abort', end);
  if (streams.signal?.aborted) end();
  try {
    const complaints = [child.stdout, child.stderr].map((stream) => tailOf(stream ?? Readable.from([])));
    const ports = child.stdio.slice(3, 3 + PORTS.length) as Socket[];
    const { status, last } = connect(ports, plan, streams);
    const how = await gone;
    const code = Number.parseInt(status(), 10);
    if (!Number.isNaN(code)) return code;
    if (streams.signal?.aborted) return STOPPED;
    if (isLate) {
      streams.stderr?.write(`vm: the command took more than ${limit} s and was ended\n`);
      return TIMED_OUT;
    }
    const said = [...complaints, last].map((text) => text().trim()).filter((text) => text !== '');
    streams.stderr?.write(
      `${[`vm: ended without the command's status (qemu: ${how})`, ...said].join('\n')}\n`,
    );
    return BROKEN;
  } finally {
    clearTimeout(timer);
    streams.signal?.removeEventListener('abort', end);
  }
}

/** Connect the emulator's ports, and collect what is for us. */
function connect(
  ports: readonly Socket[],
  plan: string,
  streams: Streams,
): { status: () => string; last: () => string } {
  const port = Object.fromEntries(PORTS.map((name, index) => [name, ports[index]])) as Record<
    (typeof PORTS)[number],
    Socket
  >;
  // The emulator may end before it has read everything; that shows in the status.
  for (const socket of ports) socket.on('error', () => {});
  port.plan.end(plan);
  port.plan.resume();
  port.stdin.resume();
  if (streams.stdin === undefined) port.stdin.end();
  else streams.stdin.pipe(port.stdin);
  hand(port.stdout, streams.stdout);
  hand(port.stderr, streams.stderr);
  if (streams.console !== undefined) hand(port.console, streams.console);
  return { status: tailOf(port.status), last: tailOf(port.console) };
}

function hand(from: Readable, to: Writable | undefined): void {
  if (to === undefined) from.resume();
  else from.pipe(to, { end: false });
}

/** Reads a stream, and gives the end of what it said so far. */
function tailOf(stream: Readable): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-TAIL)));
  return () => text;
}
