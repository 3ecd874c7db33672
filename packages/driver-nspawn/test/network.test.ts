// needs: linux, root, busybox, nspawn
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

import { driver } from '@ns/driver-nspawn';
import type { ContainerNetwork, ContainerSpec, ExecDriver } from '@ns/execdriver';
import { createLink, ensureBridge, listLinks, openRtnetlink } from '@ns/netfw';
import { CLONE, syscall } from '@ns/syscall';
import { BusyboxRoot } from '@ns/testing/drivers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'ns-network-'));
const nspawn: ExecDriver = driver.create({ stateRoot: join(directory, 'state') });
const root = new BusyboxRoot();
let bridge: number;
let count = 0;

beforeAll(() => {
  // This thread, and what it starts, has a network of its own from here on.
  syscall('get a network of its own', 'unshare', CLONE.CLONE_NEWNET);
  using socket = openRtnetlink();
  bridge = ensureBridge(socket, 'ns0', { addresses: ['10.9.0.1/24'] }).index;
});
afterAll(() => {
  root[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

const network = (address: string, hostName = `v${++count}`): ContainerNetwork => ({
  interfaces: [{ name: 'eth0', link: { kind: 'veth', hostName, bridge }, addresses: [address] }],
  gateways: ['10.9.0.1'],
});

/** Runs a script to its end, and gives what it printed. */
async function run(script: string, change: Partial<ContainerSpec>): Promise<string> {
  const container = await nspawn.create({
    id: `c${++count}`,
    root: { kind: 'directory', path: root.path },
    process: { args: ['sh', '-c', script], env: ['PATH=/bin'] },
    ...change,
  });
  try {
    await container.start();
    container.streams?.stdin?.end();
    container.streams?.stderr?.resume();
    const said = await text(container.streams!.stdout!);
    expect((await container.wait()).code).toBe(0);
    return said;
  } finally {
    await container.destroy();
  }
}

/** The links of the host that are a container's. */
const links = (): string[] => {
  using socket = openRtnetlink();
  return listLinks(socket)
    .map(({ name }) => name)
    .filter((name) => name.startsWith('v'));
};

/** The kernel takes a namespace apart when it has the time. */
async function untilNone(): Promise<void> {
  for (let i = 0; i < 200 && links().length > 0; i++) await sleep(20);
  expect(links()).toEqual([]);
}

describe('a container of systemd-nspawn with an interface', () => {
  test('has its address, its routes and the gateway', async () => {
    const script = 'ip -4 addr show eth0; ip route; ping -c 1 -w 5 10.9.0.1; ls /sys/class/net';
    const out = await run(script, { network: network('10.9.0.2/24') });
    expect(out).toContain('inet 10.9.0.2/24 brd 10.9.0.255');
    expect(out).toContain('default via 10.9.0.1 dev eth0');
    expect(out).toContain('1 packets received');
    expect(out.trim().split('\n').slice(-2)).toEqual(['eth0', 'lo']);
    await untilNone();
  });

  test('that cannot be made leaves nothing', async () => {
    {
      using socket = openRtnetlink();
      createLink(socket, { kind: 'bridge', name: 'taken' });
    }
    await expect(run('true', { network: network('10.9.0.6/24', 'taken') })).rejects.toThrow(/EEXIST/);
    expect(links()).toEqual([]);
    expect(await nspawn.list()).toEqual([]);
  });

  test('that makes no sense is refused before there is a container', async () => {
    const wanted = { ...network('10.9.0.7/24'), gateways: ['10.9'] };
    const spec = { id: 'none', root: { kind: 'directory', path: root.path } as const, network: wanted };
    await expect(nspawn.create({ ...spec, process: { args: ['true'], env: [] } })).rejects.toMatchObject({
      code: 'ERR_NS_INVALID_ARGUMENT',
    });
    expect(await nspawn.list()).toEqual([]);
  });
});
