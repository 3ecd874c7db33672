const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A duration as Go writes it, `1m30s`, in milliseconds; undefined for what is none. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d*)?(ns|us|\u00b5s|ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, value, , unit = ''] of text.matchAll(/(\d+(\.\d*)?)(ns|us|\u00b5s|ms|s|m|h)/g)) {
    sum += Number(value) * (UNITS[unit] ?? 0);
  }
  return sum;
}
