import { resolve } from 'node:path';

import { checkTarget, checkVolumeName } from './target.js';

/** A value of `-v`. */
export type Volume =
  /** A host directory or a named volume: an entry of `HostConfig.Binds`. */
  | { readonly kind: 'bind'; readonly bind: string; readonly target: string }
  /** A volume of the container's own: a key of `Config.Volumes`. */
  | { readonly kind: 'anonymous'; readonly target: string };

const OPTIONS = new Set(
  'ro rw nocopy z Z consistent cached delegated private rprivate shared rshared slave rslave'.split(' '),
);

/**
 * Read `target`, `source:target` or `source:target:options`.
 *
 * @param cwd - What a source that begins with `.` is relative to.
 * @throws `Error`
 */
export function parseVolume(spec: string, cwd: string): Volume {
  if (spec === '') throw new Error('invalid empty volume spec');
  const parts = spec.split(':');
  if (parts.includes('')) throw new Error(`invalid spec: ${spec}: empty section between colons`);
  if (parts.length > 3) throw new Error(`invalid spec: ${spec}: too many colons`);
  const [first = '', target, options] = parts;
  try {
    if (target === undefined) return { kind: 'anonymous', target: checkTarget(first) };
    checkOptions(options);
    const source = /^[./~]/.test(first) ? resolve(cwd, first) : checkVolumeName(first);
    const bind = [source, checkTarget(target), ...(options === undefined ? [] : [options])].join(':');
    return { kind: 'bind', bind, target };
  } catch (cause) {
    throw new Error(`invalid volume specification: '${spec}': ${(cause as Error).message}`, { cause });
  }
}

function checkOptions(text = ''): void {
  const words = text.split(',').filter((word) => word !== '');
  const wrong = words.find((word) => !OPTIONS.has(word));
  if (wrong !== undefined) throw new Error(`invalid mode: ${wrong}`);
  if (words.includes('ro') && words.includes('rw')) throw new Error('invalid mode: ro and rw');
}
