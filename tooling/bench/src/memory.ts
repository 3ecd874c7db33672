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

/** The parent of a process, and its parent, and so on, `steps` of them. */
export function ancestors(pid: number, steps: number): number[] {
  const found: number[] = [];
  for (let at = pid; found.length < steps;) {
    at = Number(/^PPid:\s+(\d+)$/m.exec(text(`/proc/${at}/status`))?.[1] ?? 0);
    if (at <= 1) break;
    found.push(at);
  }
  return found;
}
