/**
 * Changes of the list of descriptors, as plain functions.
 */
import type { Digest } from '../digest.js';
import type { Descriptor } from '../schema/manifest.js';
import { named, nameOf } from './image-index.js';

/** The id of the image that a descriptor leads to; undefined when it leads to none. */
export type IdOf = (descriptor: Descriptor) => Digest | undefined;

/**
 * Let a name, or no name, lead to an image. An image that loses its last name stays, without one.
 *
 * @param idOf - Knows the new descriptor as well.
 */
export function withName(
  descriptors: readonly Descriptor[],
  added: Descriptor,
  fullName: string | undefined,
  idOf: IdOf,
): readonly Descriptor[] {
  const id = idOf(added);
  if (fullName === undefined) {
    return descriptors.some((one) => idOf(one) === id)
      ? descriptors
      : [...descriptors, named(added, undefined)];
  }
  const isSame = (one: Descriptor): boolean => nameOf(one) === fullName && one.digest === added.digest;
  if (descriptors.some(isSame)) return descriptors;
  const renamed = withoutNames(descriptors, [fullName], idOf);
  // An image without a name gets its first one.
  const others = renamed.filter((one) => idOf(one) !== id || nameOf(one) !== undefined);
  return [...others, named(added, fullName)];
}

/** Take names away. An image that loses its last one stays, without a name. */
export function withoutNames(
  descriptors: readonly Descriptor[],
  fullNames: readonly string[],
  idOf: IdOf,
): readonly Descriptor[] {
  let rest = descriptors;
  for (const fullName of fullNames) {
    const found = rest.find((one) => nameOf(one) === fullName);
    if (found === undefined) continue;
    const without = rest.filter((one) => one !== found);
    const id = idOf(found);
    const isLast = id !== undefined && !without.some((one) => idOf(one) === id);
    rest = isLast ? [...without, named(found, undefined)] : without;
  }
  return rest;
}

/** Take images away, with all their names. */
export function withoutImage(
  descriptors: readonly Descriptor[],
  id: Digest,
  idOf: IdOf,
): readonly Descriptor[] {
  return descriptors.filter((one) => idOf(one) !== id);
}
