import { type Digest, digestOf } from '../digest.js';

/**
 * Names of the states that layers make one on top of the other: what Docker calls a layer when it says that it deleted
 * one. See the OCI image specification, "Layer ChainID".
 */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const ids: Digest[] = [];
  for (const diffId of diffIds) {
    const below = ids.at(-1);
    ids.push(below === undefined ? diffId : digestOf(`${below} ${diffId}`));
  }
  return ids;
}
