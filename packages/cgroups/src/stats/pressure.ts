import { readControlIfAny } from '../control-file.js';

/** Shares of time in per cent, over the last 10, 60 and 300 seconds, and the sum. */
export interface PressureLine {
  readonly avg10Percent: number;
  readonly avg60Percent: number;
  readonly avg300Percent: number;
  /** Microseconds since the group was made. */
  readonly totalUs: number;
}

/** Pressure stall information: time lost waiting for a resource. See psi.rst. */
export interface Pressure {
  /** Some process waited. */
  readonly some: PressureLine;
  /** All of them waited. Absent for the processor before Linux 5.13. */
  readonly full?: PressureLine;
}

/** The resources for which waiting is measured. */
export interface PressureStats {
  readonly cpu?: Pressure;
  readonly memory?: Pressure;
  readonly io?: Pressure;
}

/** Parse a file such as `memory.pressure`, or `/proc/pressure/io`. `undefined` when it has no line `some`. */
export function parsePressure(text: string): Pressure | undefined {
  const some = parseLine(text, 'some');
  const full = parseLine(text, 'full');
  return some && { some, ...(full === undefined ? {} : { full }) };
}

function parseLine(text: string, kind: string): PressureLine | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${kind} `));
  if (line === undefined) return undefined;
  const values = new Map(
    line
      .split(' ')
      .slice(1)
      .map((pair) => pair.split('=') as [string, string]),
  );
  const value = (key: string): number => Number(values.get(key) ?? 0);
  return {
    avg10Percent: value('avg10'),
    avg60Percent: value('avg60'),
    avg300Percent: value('avg300'),
    totalUs: value('total'),
  };
}

/** Reads all three; `undefined` without PSI (`CONFIG_PSI`, `psi=1`). */
export function pressureStats(directory: string): PressureStats | undefined {
  const found: Record<string, Pressure> = {};
  for (const resource of ['cpu', 'memory', 'io']) {
    const text = readControlIfAny(`${directory}/${resource}.pressure`);
    const pressure = text === undefined ? undefined : parsePressure(text);
    if (pressure !== undefined) found[resource] = pressure;
  }
  return Object.keys(found).length === 0 ? undefined : found;
}
