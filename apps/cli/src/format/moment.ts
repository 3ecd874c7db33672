/** Go's units of a duration, in nanoseconds. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** A duration as Go writes it, `1h30m`, in milliseconds; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const match = /^([+-]?)((?:\d+(?:\.\d*)?(?:ns|us|\u00b5s|ms|s|m|h))+)$/.exec(text);
  if (match === null) return text === '0' ? 0 : undefined;
  let ns = 0;
  for (const [, count = '', unit = ''] of (match[2] ?? '').matchAll(
    /(\d+(?:\.\d*)?)(ns|us|\u00b5s|ms|s|m|h)/g,
  )) {
    ns += Number(count) * (UNITS[unit] ?? 0);
  }
  return ((match[1] === '-' ? -1 : 1) * ns) / 1e6;
}

/**
 * A moment of `--since` and `--until` as the API has it: seconds since 1970, with a fraction.
 *
 * @param text - Seconds; a duration that is counted back from now; or a date, in the local zone unless it says another.
 * @throws `Error` when it is none of them.
 */
export function parseMoment(text: string, nowMs: number = Date.now()): string {
  if (/^\d+(\.\d{1,9})?$/.test(text)) return text;
  const before = parseDuration(text);
  if (before !== undefined) return seconds(nowMs - before);
  const match =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(\.\d{1,9})?)?)?)?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  const [, day, hour = '00', minute = '00', second = '00', fraction = '', zone = ''] = match ?? [];
  const date = new Date(`${day}T${hour}:${minute}:${second}${zone}`);
  if (match === null || Number.isNaN(date.getTime())) {
    throw new Error('it is no moment: give seconds since 1970, 10m, or 2026-01-31T12:00:00');
  }
  return `${Math.floor(date.getTime() / 1000)}.${fraction.slice(1).padEnd(9, '0')}`;
}

function seconds(ms: number): string {
  return `${Math.floor(ms / 1000)}.${String(Math.round((ms % 1000) * 1e6)).padStart(9, '0')}`;
}
