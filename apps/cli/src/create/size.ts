const POWERS = ['', 'k', 'm', 'g', 't', 'p'];

/**
 * Bytes with a unit of 1024s: `64m`, `1.5GiB`, `1024`.
 *
 * @throws `Error`
 */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d*)?|\.\d+) ?([a-z]*)$/i.exec(text);
  if (match === null) throw new Error(`invalid size: '${text}'`);
  const suffix = (match[2] ?? '').toLowerCase();
  const power = POWERS.indexOf(suffix.replace(/i?b$/, ''));
  if (power === -1 || suffix === 'ib') throw new Error(`invalid suffix: '${match[2]}'`);
  const bytes = Math.floor(Number(match[1]) * 1024 ** power);
  if (!Number.isSafeInteger(bytes)) throw new Error(`invalid size: '${text}': out of range`);
  return bytes;
}
