// needs: linux
/** Shows which ids this user can give to a container without root, and how namespaces are shared with a process. */
import { idMapText, isOwnIdOnly, planNamespaces, readSubordinateMaps } from '@ns/namespaces';

const maps = readSubordinateMaps();
console.log('uid_map:', idMapText(maps.uidMap).trim().replaceAll('\n', ', '));
console.log(isOwnIdOnly(maps) ? 'no helper program needed' : 'newuidmap writes them');

const plan = planNamespaces({
  namespaces: { user: 'new', net: { pid: process.pid }, time: 'new' },
  ...maps,
  timeOffsets: { boottimeNs: -3600n * 1_000_000_000n },
});
console.log(plan.joins);
