import { spawnSync } from 'node:child_process';

import {
  openNftables,
  publishPorts,
  repairFirewall,
  unpublishPorts,
  type FirewallNetwork,
  type PublishedPort,
} from '@ns/netfw';
import { which } from '@ns/testing';

import { since, type MissingSubject, type Subject } from './measure.ts';

const MANY = 999;
const NETWORK: FirewallNetwork = { bridge: 'ns-bench0', subnets: ['10.9.0.0/16'] };

const port = (hostPort: number): PublishedPort => ({
  protocol: 'tcp',
  hostIp: '127.0.0.1',
  hostPort,
  containerIp: '10.9.0.2',
  containerPort: 80,
});

/** Publishing one more port, where there is none and where there are many. */
export function portSubjects(): (Subject | MissingSubject)[] {
  return [...[0, MANY].map((others) => publishing(others)), ...[0, MANY].map((others) => iptables(others))];
}

const ordinal = (others: number): string => (others === 0 ? 'the first port' : 'the thousandth port');

/** By an element of a map, as the daemon does. In a table of its own, in the sandbox's own network. */
function publishing(others: number): Subject | MissingSubject {
  const name = `publishPorts, ${ordinal(others)}`;
  const table = { family: 'inet', table: `ns-bench-${others}` } as const;
  const ports = Array.from({ length: others }, (_, index) => port(10_000 + index));
  try {
    using socket = openNftables();
    repairFirewall(socket, { networks: [NETWORK], ports }, table);
  } catch (error) {
    return { name, missing: error instanceof Error ? error.message : String(error) };
  }
  return {
    name,
    run: () => {
      using socket = openNftables();
      const start = process.hrtime.bigint();
      publishPorts(socket, [port(9000)], table);
      const took = since(start);
      unpublishPorts(socket, [port(9000)], table);
      return took;
    },
  };
}

/** By a rule, as Docker does: it looks whether it is there, and appends it. */
function iptables(others: number): Subject | MissingSubject {
  const name = `iptables -C and -A, ${ordinal(others)}`;
  const program = which('iptables');
  if (program === undefined) return { name, missing: 'iptables is not installed' };
  const chain = `NS-BENCH-${others}`;
  const rule = (hostPort: number): string[] =>
    `-d 127.0.0.1/32 -p tcp -m tcp --dport ${hostPort} -j DNAT --to-destination 10.9.0.2:80`.split(' ');
  const run = (...args: string[]): number | null =>
    spawnSync(program, ['-t', 'nat', ...args], { stdio: 'ignore' }).status;
  const rules = Array.from({ length: others }, (_, index) => `-A ${chain} ${rule(10_000 + index).join(' ')}`);
  const { status, stderr } = spawnSync('iptables-restore', ['--noflush'], {
    input: `*nat\n:${chain} - [0:0]\n${rules.join('\n')}\nCOMMIT\n`,
    encoding: 'utf8',
  });
  if (status !== 0) return { name, missing: (stderr ?? '').split('\n')[0] || 'iptables-restore fails' };
  return {
    name,
    run: () => {
      const start = process.hrtime.bigint();
      run('-C', chain, ...rule(9000));
      const appended = run('-A', chain, ...rule(9000));
      const took = since(start);
      run('-D', chain, ...rule(9000));
      if (appended !== 0) throw new Error(`iptables -A: status ${appended}`);
      return took;
    },
  };
}
