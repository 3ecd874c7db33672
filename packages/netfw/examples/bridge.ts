// needs: root linux
/** Makes a bridge and a pair of links in a network of its own, and prints what is there. */
import {
  addRoute,
  createLink,
  ensureBridge,
  listAddresses,
  listLinks,
  listRoutes,
  openRtnetlink,
  setLink,
} from '@ns/netfw';
import { AF, CLONE, syscall } from '@ns/syscall';

syscall('get a network of its own', 'unshare', CLONE.CLONE_NEWNET);
using socket = openRtnetlink();

const bridge = ensureBridge(socket, 'ns0', { addresses: ['172.20.0.1/16'], mac: '02:42:00:00:00:01' });
createLink(socket, { kind: 'veth', name: 'veth1', master: bridge.index, isUp: true, peer: { name: 'eth0' } });
setLink(socket, 'eth0', { isUp: true, mtu: 1400 });
addRoute(socket, { destination: '10.0.0.0/8', gateway: '172.20.0.2' });

for (const { index, name, kind = 'loopback', mtu, isUp } of listLinks(socket)) {
  console.log(index, name, kind, mtu, isUp ? 'up' : 'down');
}
console.log(listAddresses(socket, bridge.index)[0]?.address);
for (const { destination, gateway = 'direct' } of listRoutes(socket, { family: AF.AF_INET, table: 254 })) {
  console.log(destination, gateway);
}
try {
  createLink(socket, { kind: 'bridge', name: 'ns0' });
} catch (error) {
  console.log(String(error));
}
