import type { Digest } from '../digest.js';
import { conflict } from '../failure.js';
import { familiarName, familiarTag, parseReference } from '../reference.js';
import type { Descriptor } from '../schema/manifest.js';
import { chainIds } from './chain-id.js';
import type { ImageIndex, IndexedImage } from './image-index.js';
import { type IdOf, withoutImage, withoutNames } from './index-changes.js';
import type { Found } from './lookup.js';

/** What was done to remove an image, in the words of the Engine API. */
export type RemovedItem = { readonly Untagged: string } | { readonly Deleted: string };

/** A container that is made from an image. */
export interface ImageUser {
  readonly containerId: string;
  readonly isRunning: boolean;
}

/** How an image is removed. */
export interface RemoveOptions {
  /** Also when it has several names, or containers that do not run are made from it. */
  readonly force?: boolean | undefined;
  /** Containers made from an image. Those with a snapshot of the store count too, as not running. */
  readonly users?: ((imageId: Digest) => readonly ImageUser[]) | undefined;
}

/** What is asked of {@link planRemoval}. */
export interface RemovalQuestion {
  readonly found: Found;
  readonly force: boolean;
  readonly users: readonly ImageUser[];
  readonly index: ImageIndex;
  readonly descriptors: readonly Descriptor[];
  readonly idOf: IdOf;
}

/** What is to be done. */
export interface RemovalPlan {
  readonly descriptors: readonly Descriptor[];
  readonly items: readonly RemovedItem[];
}

/**
 * Decide what the removal of an image means. The rules are Docker's:
 *
 * - a name of several is taken away, and the image stays;
 * - the last name goes, and the image with it, unless containers use it: forced, the name goes alone;
 * - an id removes the image, which must not have names in several repositories, unless forced;
 * - the image of a running container is not removed.
 *
 * @throws NsError `ERR_NS_CONFLICT`
 */
export function planRemoval(question: RemovalQuestion): RemovalPlan {
  const { found, force, users, descriptors, idOf } = question;
  const { id, image, name } = found;
  const short = shortId(id);
  if (name === undefined) {
    if (!force && repositoriesOf(image).size > 1) {
      throw refused(short, 'must be forced', 'image is referenced in multiple repositories', 'rmi -f');
    }
    refuseUsed(short, force, users);
    return wholeImage(question);
  }
  const untagged: RemovedItem = { Untagged: familiarTag(parseReference(name)) };
  const nameOnly = (): RemovalPlan => ({
    descriptors: withoutNames(descriptors, [name], idOf),
    items: [untagged],
  });
  if (image.names.length > 1) return nameOnly();
  const [user] = users;
  if (user === undefined) return wholeImage(question);
  if (!force) {
    throw conflict(
      'remove image',
      `unable to remove repository reference "${untagged.Untagged}" (must force) - container ` +
        `${user.containerId.slice(0, 12)} is using its referenced image ${short}`,
      { hint: `remove the container first: rm ${user.containerId.slice(0, 12)}` },
    );
  }
  return users.some(({ isRunning }) => isRunning) ? nameOnly() : wholeImage(question);
}

function refuseUsed(short: string, force: boolean, users: readonly ImageUser[]): void {
  const running = users.find(({ isRunning }) => isRunning);
  const user = running ?? users[0];
  if (user === undefined || (force && running === undefined)) return;
  const container = user.containerId.slice(0, 12);
  const [how, state] = user.isRunning ? ['cannot be forced', 'running'] : ['must be forced', 'stopped'];
  throw refused(short, how, `image is being used by ${state} container ${container}`, `rm ${container}`);
}

const refused = (short: string, how: string, why: string, instead: string): Error =>
  conflict('remove image', `unable to delete ${short} (${how}) - ${why}`, { hint: `instead: ${instead}` });

function wholeImage({ found, index, descriptors, idOf }: RemovalQuestion): RemovalPlan {
  const { id, image } = found;
  const names = image.names.map(({ name }) => familiarTag(parseReference(name))).toSorted();
  const others = [...index.images].filter(([other]) => other !== id).map(([, { resolved }]) => resolved);
  const kept = new Set(others.flatMap(({ config }) => chainIds(config.rootfs.diff_ids)));
  const layers = chainIds(image.resolved.config.rootfs.diff_ids).filter((chainId) => !kept.has(chainId));
  return {
    descriptors: withoutImage(descriptors, id, idOf),
    items: [
      ...names.map((name) => ({ Untagged: name })),
      ...[id, ...layers.toReversed()].map((digest) => ({ Deleted: digest })),
    ],
  };
}

const repositoriesOf = ({ names }: IndexedImage): Set<string> =>
  new Set(names.map(({ name }) => familiarName(parseReference(name))));

const shortId = (id: Digest): string => id.slice('sha256:'.length, 'sha256:'.length + 12);
