import { readFile } from 'node:fs/promises';

import type { TopResponse } from '@ns/engine-api';

import { invalid } from './errors.js';

/** Ticks of `/proc/PID/stat` in a second: fixed in the kernel's interface to programs. */
const TICKS_PER_S = 100;
const PAGE_KIB = 4;

/** A process as `/proc` shows it. */
export interface ProcessInfo {
  readonly pid: number;
  readonly ppid: number;
  readonly user: string;
  readonly state: string;
  /** Seconds of CPU. */
  readonly cpuS: number;
  /** Seconds since 1970. */
  readonly startedS: number;
  readonly tty: string;
  readonly rssKib: number;
  readonly vszKib: number;
  readonly command: string;
  readonly name: string;
}

type Column = (process: ProcessInfo, nowS: number) => string;

const usage: Column = (process, nowS) => {
  const aliveS = nowS - process.startedS;
  return String(aliveS > 0 ? Math.min(99, Math.floor((100 * process.cpuS) / aliveS)) : 0);
};

/** Columns by their titles, as ps(1) has them. */
const COLUMNS: Readonly<Record<string, Column>> = {
  UID: ({ user }) => user,
  USER: ({ user }) => user,
  PID: ({ pid }) => String(pid),
  PPID: ({ ppid }) => String(ppid),
  C: usage,
  '%CPU': (process, nowS) => `${usage(process, nowS)}.0`,
  STIME: ({ startedS }, nowS) => clockTime(startedS, nowS),
  START: ({ startedS }, nowS) => clockTime(startedS, nowS),
  TTY: ({ tty }) => tty,
  STAT: ({ state }) => state,
  RSS: ({ rssKib }) => String(rssKib),
  VSZ: ({ vszKib }) => String(vszKib),
  TIME: ({ cpuS }) => span(cpuS),
  CMD: ({ command }) => command,
  COMMAND: ({ command }) => command,
  COMM: ({ name }) => name,
  ARGS: ({ command }) => command,
};

const FORMATS: Readonly<Record<string, readonly string[]>> = {
  '-ef': ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'],
  ef: ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'],
  aux: ['USER', 'PID', '%CPU', 'VSZ', 'RSS', 'TTY', 'STAT', 'START', 'TIME', 'COMMAND'],
  '-aux': ['USER', 'PID', '%CPU', 'VSZ', 'RSS', 'TTY', 'STAT', 'START', 'TIME', 'COMMAND'],
};

/**
 * The processes of a container in the form of ps(1).
 *
 * @param pids - As the host sees them; one that has ended meanwhile is left out.
 * @param psArgs - `-ef` (the default), `aux`, or `-o column,…`.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for other arguments: no ps is run.
 */
export async function top(pids: readonly number[], psArgs: string): Promise<TopResponse> {
  const titles = columnsOf(psArgs);
  const bootS = await bootTime();
  const found = await Promise.all([...pids].toSorted((a, b) => a - b).map((pid) => readProcess(pid, bootS)));
  const nowS = Date.now() / 1000;
  const processes = found
    .filter((process) => process !== undefined)
    .map((process) => titles.map((title) => (COLUMNS[title] as Column)(process, nowS)));
  return { Titles: titles, Processes: processes };
}

function columnsOf(psArgs: string): string[] {
  const text = psArgs.trim() || '-ef';
  const known = FORMATS[text];
  if (known) return [...known];
  const list = /^-?(?:[ef]*\s*-)?(?:o|-format)[\s=]*(\S+)$/.exec(text)?.[1];
  const titles = list?.split(',').map((word) => word.toUpperCase());
  if (titles?.every((title) => title in COLUMNS)) return titles;
  throw invalid(
    'ps_args',
    `'${text}' is not understood`,
    `Use -ef, aux, or -o with some of ${Object.keys(COLUMNS).join(',').toLowerCase()}.`,
  );
}

async function readProcess(pid: number, bootS: number): Promise<ProcessInfo | undefined> {
  try {
    const [stat, status, cmdline] = await Promise.all(
      ['stat', 'status', 'cmdline'].map((name) => readFile(`/proc/${pid}/${name}`, 'latin1')),
    );
    return parseProcess(pid, bootS, { stat: stat ?? '', status: status ?? '', cmdline: cmdline ?? '' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

/** See proc(5). A process may have put anything into its name, which stands in parentheses. */
export function parseProcess(
  pid: number,
  bootS: number,
  files: { readonly stat: string; readonly status: string; readonly cmdline: string },
): ProcessInfo {
  const close = files.stat.lastIndexOf(')');
  const name = files.stat.slice(files.stat.indexOf('(') + 1, close);
  const fields = files.stat.slice(close + 2).split(' ');
  const number = (index: number): number => Number(fields[index - 3] ?? 0);
  const uid = /^Uid:\t(\d+)/m.exec(files.status)?.[1] ?? '?';
  const command = files.cmdline.replace(/\0+$/, '').replaceAll('\0', ' ');
  return {
    pid,
    ppid: number(4),
    // Names are the container's own business, and reading its passwd file is not worth the risk here.
    user: uid === '0' ? 'root' : uid,
    state: fields[0] ?? '?',
    cpuS: (number(14) + number(15)) / TICKS_PER_S,
    startedS: bootS + number(22) / TICKS_PER_S,
    tty: ttyName(number(7)),
    vszKib: Math.round(number(23) / 1024),
    rssKib: number(24) * PAGE_KIB,
    command: Buffer.from(command === '' ? `[${name}]` : command, 'latin1').toString('utf8'),
    name,
  };
}

function ttyName(device: number): string {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `pts/${(major - 136) * 256 + minor}`;
  return device === 0 ? '?' : `${major}:${minor}`;
}

async function bootTime(): Promise<number> {
  return Number(/^btime (\d+)$/m.exec(await readFile('/proc/stat', 'latin1'))?.[1] ?? 0);
}

function clockTime(atS: number, nowS: number): string {
  const at = new Date(atS * 1000);
  if (nowS - atS > 86_400)
    return at.toLocaleDateString('en-US', { month: 'short', day: '2-digit' }).replace(' ', '');
  return `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`;
}

function span(seconds: number): string {
  const pair = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${pair(seconds / 3600)}:${pair((seconds / 60) % 60)}:${pair(seconds % 60)}`;
}
