import { type Digest, isDigest } from '../digest.js';
import { invalid, notFound } from '../failure.js';
import { familiarTag, fullName, parseReference, type Reference } from '../reference.js';
import type { ImageIndex, IndexedImage } from './image-index.js';

/** How an image was found. */
export interface Found {
  readonly id: Digest;
  readonly image: IndexedImage;
  /** The complete name, when it was found by that; undefined for an id or a digest. */
  readonly name: string | undefined;
}

const ID_PREFIX = /^(?:sha256:)?([0-9a-f]{1,64})$/;

/**
 * Find an image by what a person writes: a name with or without tag, a name with a digest, an id, or the beginning of
 * one. A name is preferred to the beginning of an id.
 *
 * @throws NsError `ERR_NS_NOT_FOUND`; `ERR_NS_INVALID_ARGUMENT` for what is neither, and for the beginning of several.
 */
export function lookUp(index: ImageIndex, text: string): Found {
  const whole = /^[0-9a-f]{64}$/.test(text) ? `sha256:${text}` : text;
  if (isDigest(whole)) return byId(index, whole) ?? refuse(text);
  const [, prefix] = ID_PREFIX.exec(text) ?? [];
  const reference = readName(text, prefix !== undefined);
  const named = reference === undefined ? undefined : byName(index, reference);
  if (named !== undefined) return named;
  if (prefix !== undefined) return byPrefix(index, text, prefix);
  return refuse(reference === undefined || reference.digest !== undefined ? text : familiarTag(reference));
}

const refuse = (text: string): never => {
  throw notFound('image', `no such image: ${text}`, {
    hint: 'images lists what is there; load or import others',
  });
};

/** A name, unless the text can be nothing but an id. */
function readName(text: string, mayBeId: boolean): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (mayBeId) return undefined;
    throw error;
  }
}

function byId(index: ImageIndex, id: Digest): Found | undefined {
  const image = index.images.get(id);
  return image === undefined ? undefined : { id, image, name: undefined };
}

function byName(index: ImageIndex, reference: Reference): Found | undefined {
  const { digest, name } = reference;
  if (digest === undefined) {
    const complete = fullName(reference);
    const id = index.idOfName(complete);
    const image = id === undefined ? undefined : index.images.get(id);
    return id === undefined || image === undefined ? undefined : { id, image, name: complete };
  }
  for (const [id, image] of index.images) {
    const isMeant = image.names.some(
      (one) => one.name.startsWith(`${name}:`) && (one.digest === digest || id === digest),
    );
    if (isMeant) return { id, image, name: undefined };
  }
  return undefined;
}

function byPrefix(index: ImageIndex, text: string, prefix: string): Found {
  const ids = [...index.images.keys()].filter((id) => id.startsWith(`sha256:${prefix}`));
  const [id] = ids;
  if (id === undefined) return refuse(text);
  if (ids.length === 1) return byId(index, id) ?? refuse(text);
  const shown = ids.slice(0, 4).map((one) => one.slice('sha256:'.length, 'sha256:'.length + 12));
  throw invalid('image', `${text} is the beginning of ${ids.length} ids: ${shown.join(', ')}`, {
    hint: 'give more of the id',
  });
}
