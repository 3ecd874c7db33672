import type { DriverReport } from '@ns/engine-api';

/** What is there with its version, and what is not with what to do about it. */
export function driverLines(drivers: readonly DriverReport[]): string[] {
  if (drivers.length === 0) return [];
  const rows = drivers.map((one): [string, string] => [
    `  ${one.Name}`,
    one.Available
      ? [one.ComponentVersion ?? `${one.Driver} ${one.Version}`, one.Path].filter(Boolean).join(', ')
      : `not available: ${one.Reason ?? 'it does not say why'}${one.Hint === undefined ? '' : ` (${one.Hint})`}`,
  ]);
  const width = Math.max(...rows.map(([name]) => name.length));
  return [' Drivers:', ...rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`)];
}
