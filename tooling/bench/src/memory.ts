import { readdirSync, readFileSync } from 'node:fs';

/** What a process weighs, in KiB. PSS: a page shared by n processes counts 1/n in each. */
export interface Weight {
  readonly pss: number;
  readonly rss: number;
}

const text = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process ended meanwhile.
    return '';
  }
};

/** See proc(5), `smaps_rollup`, Linux 4.14. Undefined when there is no such process. */
export function weigh(pid: number): Weight | undefined {
  const rollup = text(`/proc/${pid}/smaps_rollup`);
  const kib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? Number.NaN);
  const weight = { pss: kib('Pss'), rss: kib('Rss') };
  return Number.isNaN(weight.pss) ? undefined : weight;
}

/** The pids whose command line is exactly this. */
export function pidsOf(argv: readonly string[]): number[] {
  const line = `${argv.join('\0')}\0`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && text(`/proc/${name}/cmdline`) === line)
    .map(Number);
}

/** Whether a process is there whose command line is exactly this. */
export const isCommand = (pid: number, argv: readonly string[]): boolean =>
  text(`/proc/${pid}/cmdline`) === `${argv.join('\0')}\0`;

/** All processes below one, in no order. */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(Number(name));
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const below = (at: number): number[] =>
    (children.get(at) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}

const parentOf = (pid: number): number =>
  Number(/^PPid:\s+(\d+)$/m.exec(text(`/proc/${pid}/status`))?.[1] ?? 0);

/** The parent of a process, and its parent, and so on, `steps` of them. */
export function ancestors(pid: number, steps: number): number[] {
  const found: number[] = [];
  for (let at = pid; found.length < steps;) {
    at = parentOf(at);
    if (at <= 1) break;
    found.push(at);
  }
  return found;
}
