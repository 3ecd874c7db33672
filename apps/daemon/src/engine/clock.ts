const NS_PER_MS = 1_000_000n;
const MAX_DRIFT_NS = 2n * NS_PER_MS;

let offset = wall() - process.hrtime.bigint();

function wall(): bigint {
  return BigInt(Date.now()) * NS_PER_MS;
}

/** Nanoseconds since 1970. Finer than `Date.now()`, and follows it when the clock of the machine is set. */
export function nowNs(): bigint {
  const precise = process.hrtime.bigint() + offset;
  const drift = wall() - precise;
  if (drift < MAX_DRIFT_NS && drift > -MAX_DRIFT_NS) return precise;
  offset = wall() - process.hrtime.bigint();
  return process.hrtime.bigint() + offset;
}

/** RFC 3339 with nine decimals, in UTC, as Docker writes times: `2026-01-02T03:04:05.123456789Z`. */
export function formatNs(ns: bigint): string {
  const ms = Number(ns / NS_PER_MS);
  const below = (ns % 1_000_000_000n).toString().padStart(9, '0');
  return `${new Date(ms).toISOString().slice(0, 19)}.${below}Z`;
}

const UNIX = /^(\d+)(?:\.(\d{1,9}))?$/;
const DURATION = /^(?:\d+(?:\.\d+)?(?:h|m|s|ms|us|ns))+$/;
const UNIT_NS = { h: 3.6e12, m: 6e10, s: 1e9, ms: 1e6, us: 1e3, ns: 1 } as const;

/**
 * A time as Docker's clients send it: Unix seconds with decimals, RFC 3339, or how long ago (`10m`).
 *
 * @returns Nanoseconds since 1970; undefined when the text is none of these.
 */
export function parseTime(text: string): bigint | undefined {
  const unix = UNIX.exec(text);
  if (unix) return BigInt(unix[1] as string) * 1_000_000_000n + BigInt((unix[2] ?? '').padEnd(9, '0'));
  if (DURATION.test(text)) {
    let ns = 0;
    for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|us|s|ns)/g)) {
      ns += Number(count) * UNIT_NS[unit as keyof typeof UNIT_NS];
    }
    return nowNs() - BigInt(Math.round(ns));
  }
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return undefined;
  const decimals = /\.(\d{1,9})/.exec(text)?.[1];
  const whole = BigInt(Math.floor(ms / 1000)) * 1_000_000_000n;
  return whole + BigInt((decimals ?? '').padEnd(9, '0'));
}
