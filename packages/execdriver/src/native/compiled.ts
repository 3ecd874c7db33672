import { serialize } from 'node:v8';

import { compile, type Image, type Program } from '@ns/syscall';

/** What was compiled lately, by what it was made from; the latest last. */
const images = new Map<string, Image>();
const MOST = 32;

/**
 * The image of a program, from memory when one was made from the same before: containers of one kind differ in their
 * descriptors, which are not part of the program, and seldom in anything else.
 *
 * @param from - All that the program depends on.
 */
export function compiled(from: readonly unknown[], make: () => Program): Image {
  const key = serialize(from).toString('latin1');
  const image = images.get(key) ?? compile(make());
  images.delete(key);
  images.set(key, image);
  if (images.size > MOST) images.delete(images.keys().next().value!);
  return image;
}
