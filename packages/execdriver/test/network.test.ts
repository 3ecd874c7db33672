// needs: linux, root, busybox
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createLink, ensureBridge, listLinks, openRtnetlink, type ContainerNetwork } from '@ns/netfw';
import { CLONE, syscall } from '@ns/syscall';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { nativeDriver, type ContainerSpec } from '../src/index.js';
import { BusyboxRoot } from './busybox-root.js';

const directory = mkdtempSync(join(tmpdir(), 'ns-network-'));
const driver = nativeDriver({ stateRoot: join(directory, 'state') });
let bridge: number;
const root = new BusyboxRoot();
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

const network = (address: string): ContainerNetwork => ({
  interfaces: [
    { name: 'eth0', link: { kind: 'veth', hostName: `v${++count}`, bridge }, addresses: [address] },
  ],
  gateways: ['10.9.0.1'],
});

/** Runs a script to its end, and gives what it printed. */
async function run(script: string, change: Partial<ContainerSpec>): Promise<string> {
  const container = await driver.create({
    id: `c${++count}`,
    root: { kind: 'directory', path: root.path },
    process: { args: ['sh', '-c', script], env: ['PATH=/bin'] },
    ...change,
  });
  try {
    await container.start();
    let text = '';
    container.streams?.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    for await (const chunk of container.streams!.stdout!) text += String(chunk);
    const { code } = await container.wait();
    return `${text}${code === 0 ? '' : `exit ${code}`}`;
  } finally {
    await container.destroy();
  }
}

const names = (): string[] => {
  using socket = openRtnetlink();
  return listLinks(socket).map(({ name }) => name);
};

/** The kernel takes a namespace apart when it has the time. */
async function untilOnlyBridge(): Promise<void> {
  for (let i = 0; i < 200 && names().some((name) => name.startsWith('v')); i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(names().filter((name) => name !== 'lo')).toEqual(['ns0']);
}

describe('a container with an interface', () => {
  test('has its address, its routes and the gateway', async () => {
    const out = await run('ip -4 addr show eth0; ip route; ping -c 1 -w 3 10.9.0.1', {
      network: network('10.9.0.2/24'),
    });
    expect(out).toContain('inet 10.9.0.2/24 brd 10.9.0.255');
    expect(out).toContain('default via 10.9.0.1 dev eth0');
    expect(out).toContain('1 packets received');
    await untilOnlyBridge();
  });

  test('reaches another one', async () => {
    const other = await driver.create({
      id: `c${++count}`,
      root: { kind: 'directory', path: root.path },
      process: { args: ['sleep', '100'], env: ['PATH=/bin'], stdio: ['null', 'null', 'null'] },
      network: network('10.9.0.3/24'),
    });
    await other.start();
    expect(await run('ping -c 1 -w 3 10.9.0.3', { network: network('10.9.0.4/24') })).toContain(
      '1 packets received',
    );
    await other.destroy();
    await untilOnlyBridge();
  });

  test('has it in a user namespace too', async () => {
    const map = [{ inside: 0, outside: 100_000, length: 65_536 }];
    const out = await run('ip -4 addr show eth0; ping -c 1 -w 3 10.9.0.1', {
      network: network('10.9.0.5/24'),
      namespaces: { user: 'new' },
      uidMap: map,
      gidMap: map,
    });
    expect(out).toContain('inet 10.9.0.5/24');
    expect(out).toContain('1 packets received');
  });

  test('that cannot be made leaves nothing', async () => {
    {
      using socket = openRtnetlink();
      createLink(socket, { kind: 'bridge', name: 'taken' });
    }
    const wanted = network('10.9.0.6/24');
    const [link] = wanted.interfaces;
    await expect(
      run('true', {
        network: { ...wanted, interfaces: [{ ...link!, link: { kind: 'veth', hostName: 'taken', bridge } }] },
      }),
    ).rejects.toThrow(/EEXIST/);
    expect(names().filter((name) => name.startsWith('v'))).toEqual([]);
  });

  test.each([
    [{ namespaces: { net: 'host' as const } }, 'shares a net namespace'],
    [{ network: { interfaces: [], gateways: ['10.9'] } }, 'gateway'],
  ])('is refused with %j', async (change, message) => {
    await expect(run('true', { network: network('10.9.0.7/24'), ...change })).rejects.toThrow(message);
    expect(await driver.list()).toEqual([]);
  });
});
