import type { ByteString } from '../byte-string.js';
import { corrupt } from '../failure.js';
import type { EntryPath } from './entry-path.js';

/** What a name that begins with `.wh.` says. */
export type Whiteout =
  /** The name is not there any more, whatever layers below have. */
  | { readonly kind: 'removed'; readonly base: ByteString }
  /** The directory has nothing of the layers below. */
  | { readonly kind: 'opaque' }
  /** Book-keeping of AUFS. */
  | { readonly kind: 'ignored' };

/** How the OCI image specification and Docker mark what a layer takes away: `.wh.NAME` and `.wh..wh..opq`. */
export function whiteoutOf({ base, path }: EntryPath): Whiteout | undefined {
  if (base === '.wh..wh..opq') return { kind: 'opaque' };
  if (path.startsWith('.wh..wh.') || base.startsWith('.wh..wh.')) return { kind: 'ignored' };
  if (!base.startsWith('.wh.')) return undefined;
  const removed = base.slice(4);
  if (removed === '' || removed === '.' || removed === '..') {
    throw corrupt('unpack layer', `the whiteout ${JSON.stringify(path)} removes no name`);
  }
  return { kind: 'removed', base: removed };
}
