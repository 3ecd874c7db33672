/** Prints what would be written for some limits, on version 1 and on version 2: no root, no Linux. */
import {
  parseLayout,
  planResources,
  validateResources,
  type CgroupLayout,
  type Resources,
} from '@ns/cgroups';

const v1: CgroupLayout = parseLayout(
  `31 30 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
32 30 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory`,
  '2:memory:/\n1:cpu:/\n',
  () => '',
);
const v2: CgroupLayout = parseLayout(
  '29 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw',
  '0::/\n',
  () => 'cpu memory',
);
const resources: Resources = {
  memory: { limitBytes: 256 * 2 ** 20, memorySwapBytes: 384 * 2 ** 20 },
  cpu: { nanoCpus: 1.5e9, shares: 512 },
};

validateResources(resources);
for (const layout of [v1, v2]) {
  console.log(layout.kind);
  for (const { file, value } of planResources(resources, layout).writes) console.log(`  ${file} = ${value}`);
}
try {
  validateResources({ memory: { limitBytes: 256 * 2 ** 20, memorySwapBytes: 128 * 2 ** 20 } });
} catch (error) {
  console.log((error as Error).message);
}
