/**
 * What publishing a port costs when a thousand are published, beside the first.
 *
 * Needs root, works in a network of its own: `pnpm --filter @ns/netfw bench`.
 */
import { CLONE, syscall } from '@ns/syscall';

import {
  type FirewallPolicy,
  openNftables,
  type PublishedPort,
  publishPorts,
  repairFirewall,
} from '../src/index.js';

const PORTS = 10_000;
const POLICY: FirewallPolicy = { networks: [{ bridge: 'br0', subnets: ['172.17.0.0/16'] }], ports: [] };

const port = (hostPort: number): PublishedPort => ({
  protocol: 'tcp',
  hostIp: '0.0.0.0',
  hostPort,
  containerIp: '172.17.0.2',
  containerPort: 80,
});

syscall('get a network of its own', 'unshare', CLONE.CLONE_NEWNET);
using socket = openNftables();
repairFirewall(socket, POLICY);

/** Microseconds of each call. */
const times = Array.from({ length: PORTS }, (_, index) => {
  const begin = process.hrtime.bigint();
  publishPorts(socket, [port(1000 + index)]);
  return Number(process.hrtime.bigint() - begin) / 1000;
});

for (const first of [1, 100, 1000, PORTS - 100]) {
  const some = times.slice(first - 1, first + 99).toSorted((a, b) => a - b);
  console.log(`ports ${first} to ${first + 99}: median ${some[50]!.toFixed(0)} µs`);
}
const begin = process.hrtime.bigint();
const ports = Array.from({ length: PORTS }, (_, index) => port(1000 + index));
const differences = repairFirewall(socket, { ...POLICY, ports });
const elapsedMs = Number(process.hrtime.bigint() - begin) / 1e6;
console.log(`compare all of ${PORTS}: ${elapsedMs.toFixed(0)} ms, ${differences.length} differences`);
