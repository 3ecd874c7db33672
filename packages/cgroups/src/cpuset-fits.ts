import { directoryIn } from './apply.js';
import { readControlIfAny } from './control-file.js';
import { parseList } from './convert.js';
import { invalid } from './errors.js';
import { hierarchyOf, type CgroupHierarchy, type CgroupLayout } from './layout.js';
import type { Resources } from './resources.js';

/**
 * Refuse processors and nodes that the parent does not have: version 2 would take others instead, without a word.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT`
 */
export function assertCpusetFits({ cpuset }: Resources, layout: CgroupLayout, parent: string): void {
  const hierarchy = hierarchyOf(layout, 'cpuset');
  if (cpuset === undefined || hierarchy === undefined) return;
  for (const what of ['cpus', 'mems'] as const) {
    const asked = cpuset[what];
    if (asked === undefined) continue;
    const allowed = effective(hierarchy, parent, what);
    const beyond = parseList(asked)?.filter((one) => !parseList(allowed)?.includes(one)) ?? [];
    if (beyond.length === 0) continue;
    throw invalid(`cpuset ${what} ${asked}: ${beyond.join(', ')} is not available in ${parent}`, {
      hint: `available are ${allowed}`,
    });
  }
}

/** What the nearest group that exists has. */
function effective(hierarchy: CgroupHierarchy, parent: string, what: 'cpus' | 'mems'): string {
  const file = hierarchy.version === 1 ? `cpuset.effective_${what}` : `cpuset.${what}.effective`;
  for (let path = parent; ; path = path.slice(0, path.lastIndexOf('/')) || '/') {
    const text = readControlIfAny(`${directoryIn(hierarchy, path)}/${file}`);
    if (text !== undefined || path === '/') return text?.trim() ?? '';
  }
}
