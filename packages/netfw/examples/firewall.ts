// needs: root linux
/** Publishes a port of a container, and repairs the firewall after somebody flushed it. */
import * as netfw from '@ns/netfw';
import { CLONE, syscall } from '@ns/syscall';

// Stands for the host, which this example leaves alone.
syscall('get a network of its own', 'unshare', CLONE.CLONE_NEWNET);
using socket = netfw.openNftables();

const subnet = netfw.allocateSubnet(['172.17.0.0/16']);
const containerIp = new netfw.AddressPool({ subnet }).allocate();
const networks = [{ bridge: 'ns0', subnets: [subnet] }];
console.log(netfw.repairFirewall(socket, { networks, ports: [] }));

const target = { protocol: 'tcp', hostIp: '0.0.0.0', containerIp, containerPort: 80 } as const;
const ports = [{ ...target, hostPort: 8080 }];
netfw.publishPorts(socket, ports);
console.log(subnet, containerIp, netfw.repairFirewall(socket, { networks, ports }));

netfw.transact(socket, 'play the vandal', [netfw.deleteTable(netfw.FIREWALL_TABLE)]);
try {
  netfw.publishPorts(socket, [{ ...target, hostPort: 8081 }]);
} catch (error) {
  console.log(String(error));
}
console.log(netfw.repairFirewall(socket, { networks, ports }));
