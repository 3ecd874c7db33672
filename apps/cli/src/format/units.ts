const DECIMAL = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];

/** Bytes in thousands, to three digits: `4.27MB`. */
export function humanSize(bytes: number, digits = 3): string {
  return scaled(bytes, 1000, DECIMAL, digits);
}

/** Bytes in 1024s, to four digits: `7.637GiB`. */
export function binarySize(bytes: number): string {
  return scaled(bytes, 1024, BINARY, 4);
}

function scaled(bytes: number, base: number, units: readonly string[], digits: number): string {
  let [size, i] = [bytes, 0];
  for (; size >= base && i < units.length - 1; i++) size /= base;
  return `${Number(size.toPrecision(digits))}${units[i] ?? ''}`;
}

/** A span of time as people say it: `About an hour`, `3 weeks`. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.floor(seconds / 3600 + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(hours / 24 / 365)} years`;
}

/** How long ago, of seconds since 1970. */
export function ago(seconds: number, nowMs: number = Date.now()): string {
  return `${humanDuration(nowMs - seconds * 1000)} ago`;
}

/** A moment as Go writes it, in the local zone: `2026-11-24 06:44:20 +0000 UTC`. */
export function localTime(date: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const east = -date.getTimezoneOffset();
  const offset = `${east < 0 ? '-' : '+'}${two(Math.floor(Math.abs(east) / 60))}${two(Math.abs(east) % 60)}`;
  const zone = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' })
    .formatToParts(date)
    .find(({ type }) => type === 'timeZoneName');
  return `${day} ${time} ${offset} ${zone?.value ?? ''}`.trimEnd();
}

/** A moment of the API, RFC 3339, as Go writes it: `2026-11-24 06:44:20.5 +0000 UTC`. */
export function goTime(moment: string): string {
  const [, day, time, fraction = '', zone = 'Z'] =
    /^(\S+)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(moment) ?? [];
  if (day === undefined) return moment;
  const offset = zone.replace(':', '');
  const shown = fraction.replace(/\.?0*$/, '');
  return `${day} ${time}${shown} ${zone === 'Z' ? '+0000 UTC' : `${offset} ${offset}`}`;
}
