import { checkIdMap, type IdMapping } from '@ns/namespaces';

import { invalid } from './invalid.js';
import type { OciIdMappings } from './schema/linux.js';

/** The largest number of lines that the kernel takes since 4.15. */
const MAX_LINES = 340;

/**
 * Ids as the kernel takes them.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for ranges that overlap, go beyond the largest id, or are too many.
 */
export function mapping(maps: OciIdMappings, field: string): IdMapping[] {
  if (maps.length > MAX_LINES)
    throw invalid(field, `${maps.length} ranges are more than the kernel's ${MAX_LINES}`);
  const result = maps.map(({ containerID, hostID, size }, index) => {
    if (size === 0) throw invalid(`${field}[${index}].size`, '0 maps nothing');
    if (containerID + size > 0xffff_ffff || hostID + size > 0xffff_ffff) {
      throw invalid(`${field}[${index}]`, 'goes beyond the largest id, 4294967294');
    }
    return { inside: containerID, outside: hostID, length: size };
  });
  for (const side of ['inside', 'outside'] as const) {
    const sorted = result.toSorted((left, right) => left[side] - right[side]);
    sorted.forEach((next, index) => {
      const previous = sorted[index - 1];
      if (previous !== undefined && previous[side] + previous.length > next[side]) {
        throw invalid(
          field,
          `two ranges overlap at ${side === 'inside' ? 'containerID' : 'hostID'} ${next[side]}`,
        );
      }
    });
  }
  return result;
}

/** The map of a container's user namespace, which has a root. */
export function rootMapping(kind: 'uid' | 'gid', maps: OciIdMappings, field: string): IdMapping[] {
  const result = mapping(maps, field);
  try {
    checkIdMap(kind, result);
  } catch (error) {
    throw invalid(field, (error as Error).message.replace(/^.*?: /, ''));
  }
  return result;
}
