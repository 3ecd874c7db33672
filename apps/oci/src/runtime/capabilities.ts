import { availableCapabilities, capabilityMask, capabilityNames, parseCapability } from '@ns/caps';

import type { CapabilitySets } from '../plan.js';
import type { CapabilityMasks } from './confine.js';

const mask = (names: readonly string[]): bigint => capabilityMask(names.map(parseCapability));

/**
 * The sets of a process as far as this runtime can give them: root may lack some itself, in a container for example.
 *
 * @param ownUsers - The process gets a user namespace of its own, in which all can be given.
 */
export function grantable(
  sets: CapabilitySets,
  ownUsers: boolean,
  warn: (message: string) => void,
): CapabilityMasks {
  const have = ownUsers ? ~0n : availableCapabilities();
  const permitted = mask(sets.permitted);
  const lost = permitted & ~have;
  if (lost !== 0n) {
    const names = capabilityNames(lost).map((name) => `CAP_${name}`);
    warn(`capabilities that this runtime does not have itself are left out: ${names.join(', ')}`);
  }
  return {
    bounding: mask(sets.bounding),
    permitted: permitted & have,
    effective: mask(sets.effective) & have,
    inheritable: mask(sets.inheritable) & have,
    ambient: mask(sets.ambient) & have,
  };
}
