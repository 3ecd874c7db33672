import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

import { eventually } from './within.js';

/** Something that is still there: a mount, a process, a descriptor. */
export type Trace = string;

/** The number of descriptors that this process has open. */
export const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

/** The host's mounts that have to do with a directory: on it, below it, or made of something in it. */
export function mountsOf(directory: string, pid: number | 'self' = 'self'): string[] {
  return attempt([], () =>
    readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
      .split('\n')
      .filter((line) => line.includes(directory)),
  );
}

/** The pids of all processes that are there, zombies included. */
export const allPids = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Children of this process, zombies included. */
export function children(): number[] {
  return allPids().filter((pid) => parentOf(pid) === process.pid);
}

/** True when a process is there that has not ended. */
export const isAlive = (pid: number): boolean => {
  const state = statOf(pid)?.[0];
  return state !== undefined && state !== 'Z' && state !== 'X';
};

const parentOf = (pid: number): number => Number(statOf(pid)?.[1]);

/** The fields of `/proc/PID/stat` after the name, which may hold anything: state, parent, … */
function statOf(pid: number): string[] | undefined {
  return attempt(undefined, () => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  });
}

/**
 * Everything on the machine that still has to do with a directory: mounts, also those that only other processes see,
 * and open files, this process's included.
 */
export function tracesOf(directory: string): Trace[] {
  return allPids().flatMap((pid) => {
    const who = pid === process.pid ? 'this process' : `process ${pid}`;
    const links = [`/proc/${pid}/cwd`, `/proc/${pid}/root`, `/proc/${pid}/exe`, ...descriptorsOf(pid)];
    return [
      ...mountsOf(directory, pid).map((line) => `${who} sees the mount ${line}`),
      ...links.flatMap((link) => {
        const target = attempt('', () => readlinkSync(link));
        return target.includes(directory) ? [`${who} holds ${target} (${link})`] : [];
      }),
    ];
  });
}

const descriptorsOf = (pid: number): string[] =>
  attempt([], () => readdirSync(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`));

/** Processes end while one looks at them. */
function attempt<T>(otherwise: T, look: () => T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

/** Wait until this process has no child that it had not before. */
export async function assertNoNewChildren(before: readonly number[]): Promise<void> {
  await nothing('no child process left', () => newChildren(before));
}

/** The same, and nothing on the machine has to do with a directory. */
export async function assertNoTraces(directory: string, childrenBefore: readonly number[]): Promise<void> {
  await nothing('nothing left behind', () => [...newChildren(childrenBefore), ...tracesOf(directory)]);
}

const newChildren = (before: readonly number[]): Trace[] =>
  children()
    .filter((pid) => !before.includes(pid))
    .map((pid) => `child process ${pid} (${statOf(pid)?.[0]})`);

/** Sockets and processes go a little later than the call that ends them returns. */
async function nothing(what: string, look: () => Trace[]): Promise<void> {
  await eventually(what, look, (traces) => traces.length === 0, 3000);
}
