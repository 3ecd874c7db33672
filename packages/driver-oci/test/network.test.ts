// needs: linux, root, busybox, runc, crun
import { ensureBridge, listLinks, openRtnetlink, type ContainerNetwork } from '@ns/netfw';
import { CLONE, syscall } from '@ns/syscall';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Bench, LINUX } from './bench.js';

const bench = new Bench();
let bridge: number;
let count = 0;

beforeAll(() => {
  // This thread, and what it starts, has a network of its own from here on.
  syscall('get a network of its own', 'unshare', CLONE.CLONE_NEWNET);
  using socket = openRtnetlink();
  bridge = ensureBridge(socket, 'ns0', { addresses: ['10.9.0.1/24'] }).index;
});
afterAll(() => bench[Symbol.dispose]());

const network = (address: string): ContainerNetwork => ({
  interfaces: [
    { name: 'eth0', link: { kind: 'veth', hostName: `v${++count}`, bridge }, addresses: [address] },
  ],
  gateways: ['10.9.0.1'],
});

/** The kernel takes a namespace apart when it has the time. */
async function links(): Promise<string[]> {
  for (let tries = 0; ; tries++) {
    using socket = openRtnetlink();
    const names = listLinks(socket).map(({ name }) => name);
    if (tries === 200 || !names.some((name) => name.startsWith('v'))) return names;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe.each(LINUX)('a container of %s', (name, settings) => {
  const driver = bench.driver(settings);

  test('has its interface, address and routes when its program starts', async () => {
    const script = 'ip -4 addr show eth0; ip route; ping -c 1 -w 3 10.9.0.1';
    const { output } = await bench.run(driver, bench.spec(script, { network: network('10.9.0.2/24') }));
    expect(output).toContain('inet 10.9.0.2/24');
    expect(output).toContain('default via 10.9.0.1 dev eth0');
    expect(output).toContain('1 packets received');
    expect(await links()).toEqual(['lo', 'ns0']);
  });

  test('has it with users of its own too', async () => {
    const map = [{ inside: 0, outside: 100_000, length: 65_536 }];
    const users = { namespaces: { user: 'new' }, uidMap: map, gidMap: map } as const;
    const spec = bench.spec('ip -4 addr show eth0; id -u', { network: network('10.9.0.3/24'), ...users });
    const { output } = await bench.run(driver, spec);
    expect(output).toContain('inet 10.9.0.3/24');
    expect(output).toMatch(/\n0\n$/);
  });

  test('whose interface cannot be made leaves nothing', async () => {
    const wanted = network('10.9.0.4/24');
    const interfaces = [wanted.interfaces[0]!, { ...wanted.interfaces[0]!, name: 'eth1' }];
    await expect(
      bench.run(driver, bench.spec('true', { network: { ...wanted, interfaces } })),
    ).rejects.toThrow(/EEXIST/);
    expect(await links(), name).toEqual(['lo', 'ns0']);
    expect(await driver.list()).toEqual([]);
  });
});
