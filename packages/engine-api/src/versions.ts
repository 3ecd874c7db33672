/** The highest Docker Engine API version that these types describe, and that ns-daemon serves. */
export const API_VERSION = '1.47';

/** The lowest version that is served. */
export const MIN_API_VERSION = '1.24';

/**
 * Compare two API versions as numbers: `1.9` is below `1.24`.
 *
 * @returns Negative, zero or positive, as for `Array.prototype.sort`.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The version that a client speaking up to {@link API_VERSION} uses with an engine that speaks up to `offered`. */
export function negotiate(offered: string | undefined): string {
  if (offered === undefined || !/^\d+\.\d+$/.test(offered)) return MIN_API_VERSION;
  if (compareVersions(offered, API_VERSION) > 0) return API_VERSION;
  return offered;
}
