import assert from 'node:assert/strict';
import { chownSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import type { Container, NamespaceKind } from '../../contract.js';
import type { Bench, Change } from '../bench.js';
import type { Case, Group } from '../case.js';
import { Reader } from '../collect.js';
import { isAlive } from '../traces.js';

const DEFAULT_KINDS = ['mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup'] as const;
const SHARED_KINDS = ['pid', 'uts', 'ipc', 'net', 'cgroup'] as const;

export const namespaceOf = (pid: number | 'self', kind: NamespaceKind): string =>
  readlinkSync(`/proc/${pid}/ns/${kind}`);

const waiting = (bench: Bench, change: Change = {}): Promise<Container> => bench.startShell(change);

const own = DEFAULT_KINDS.map((kind): Case => ({
  name: `has a ${kind} namespace of its own`,
  needs: [`${kind} namespace`],
  run: async (bench) => {
    const [first, second] = [await waiting(bench), await waiting(bench)];
    // What a kernel of its own has of namespaces, the host does not see.
    if (bench.driver.info.abilities.ownKernel === true) return assert.notEqual(first.pid, second.pid);
    const found = [namespaceOf('self', kind), namespaceOf(first.pid!, kind), namespaceOf(second.pid!, kind)];
    assert.equal(new Set(found).size, 3);
  },
}));

const ofTheHost = SHARED_KINDS.map((kind): Case => ({
  name: `can have the host’s ${kind} namespace`,
  needs: [`${kind} namespace`, 'joinNamespaces'],
  run: async (bench) => {
    const container = await waiting(bench, { namespaces: { [kind]: 'host' } });
    assert.equal(namespaceOf(container.pid!, kind), namespaceOf('self', kind));
  },
}));

const ofAnother = SHARED_KINDS.map((kind): Case => ({
  name: `can have the ${kind} namespace of another container`,
  needs: [`${kind} namespace`, 'joinNamespaces'],
  run: async (bench) => {
    const first = await waiting(bench);
    const second = await waiting(bench, { namespaces: { [kind]: { pid: first.pid! } } });
    assert.equal(namespaceOf(second.pid!, kind), namespaceOf(first.pid!, kind));
    const third = await waiting(bench, { namespaces: { [kind]: { path: `/proc/${first.pid}/ns/${kind}` } } });
    assert.equal(namespaceOf(third.pid!, kind), namespaceOf(first.pid!, kind));
  },
}));

/** Directories of a root belong to somebody: those of a container with a user namespace, to its root. */
function giveDirectories(path: string, id: number): void {
  chownSync(path, id, id);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) giveDirectories(join(path, entry.name), id);
  }
}

const HOUR_NS = 3_600_000_000_000n;

/** What a container shares with the host, and what not. */
export const namespaces: Group = {
  name: 'a container',
  cases: [
    ...own,
    ...ofTheHost,
    ...ofAnother,
    {
      name: 'that shares the host’s processes is gone with its own when destroy returns',
      needs: ['pid namespace', 'joinNamespaces'],
      run: async (bench) => {
        // The inner shell ends at once: its child is nobody's child any more, and still the container's.
        const script = `sh -c 'sleep 100 & exit'; sleep 100 & echo ready; wait`;
        const process = { args: ['/bin/sh', '-c', script] };
        const container = await bench.start({ process, namespaces: { pid: 'host' } });
        await new Reader(container.streams?.stdout).until('ready\n');
        const pids = await container.processes();
        assert.equal(pids.length, 3);
        await container.destroy();
        assert.deepEqual(pids.filter(isAlive), []);
      },
    },
    {
      name: 'is told of a namespace that is not there',
      needs: ['net namespace', 'joinNamespaces'],
      run: async (bench) => {
        await bench.fails(undefined, { namespaces: { net: { path: join(bench.scratch, 'none') } } });
      },
    },
    {
      name: 'has the program as process 1, and sees no process but its own',
      needs: ['pid namespace', 'mnt namespace'],
      run: async (bench) => {
        assert.equal(await bench.sh('echo $$; cd /proc && echo [0-9]*'), '1\n1');
      },
    },
    {
      name: 'has no interface but a loopback that is up',
      needs: ['net namespace', 'mnt namespace'],
      run: async (bench) => {
        const script = 'tail -n +3 /proc/net/dev | cut -d: -f1; cat /sys/class/net/lo/flags';
        const [name, flags] = (await bench.sh(script)).split('\n');
        assert.equal(name?.trim(), 'lo');
        assert.equal(Number(flags) & 1, 1, 'IFF_UP');
      },
    },
    {
      name: 'has names of its own',
      needs: ['hostname'],
      run: async (bench) => {
        const before = hostname();
        const names = { hostname: 'box-1', domainname: 'example.net' };
        assert.equal(await bench.sh('hostname', names), 'box-1');
        assert.equal(hostname(), before);
      },
    },
    {
      name: 'has a domain name of its own',
      needs: ['hostname', 'mnt namespace'],
      run: async (bench) => {
        const names = { hostname: 'box-1', domainname: 'example.net' };
        assert.equal(await bench.sh('cat /proc/sys/kernel/domainname', names), 'example.net');
      },
    },
    {
      name: 'does not rename the host',
      needs: ['hostname', 'joinNamespaces', 'uts namespace'],
      run: async (bench) => {
        await bench.fails('ERR_NS_INVALID_ARGUMENT', { hostname: 'box-1', namespaces: { uts: 'host' } });
      },
    },
    {
      name: 'sees its cgroup as the root',
      needs: ['cgroup namespace', 'mnt namespace'],
      machine: ['cgroups'],
      run: async (bench) => {
        const paths = (await bench.sh('cut -d: -f3 /proc/self/cgroup')).split('\n');
        assert.deepEqual([...new Set(paths)], ['/']);
      },
    },
    {
      name: 'has users of its own',
      needs: ['user namespace', 'mnt namespace'],
      machine: ['user namespaces'],
      run: async (bench) => {
        giveDirectories(bench.rootfs, 100_000);
        const map = [{ inside: 0, outside: 100_000, length: 65_536 }];
        const change = { namespaces: { user: 'new' }, uidMap: map, gidMap: map } as const;
        const container = await waiting(bench, change);
        assert.notEqual(namespaceOf(container.pid!, 'user'), namespaceOf('self', 'user'));
        assert.match(
          readFileSync(`/proc/${container.pid}/status`, 'latin1'),
          /^Uid:\t100000\t100000\t100000\t100000$/m,
        );
        const script = 'id -u; tr -s " " < /proc/self/uid_map; echo x > /file';
        assert.equal(await bench.sh(script, change), '0\n 0 100000 65536');
        assert.equal(await bench.sh('echo by name > /dev/stdout', change), 'by name');
        assert.equal(statSync(join(bench.rootfs, 'file')).uid, 100_000);
      },
    },
    {
      name: 'has users of its own only with maps',
      needs: ['user namespace'],
      run: async (bench) => {
        await bench.fails('ERR_NS_INVALID_ARGUMENT', { namespaces: { user: 'new' } });
      },
    },
    {
      name: 'has clocks of its own',
      needs: ['time namespace', 'mnt namespace'],
      machine: ['time namespaces'],
      run: async (bench) => {
        const timeOffsets = { boottimeNs: HOUR_NS };
        const uptime = await bench.sh('cut -d. -f1 /proc/uptime', {
          namespaces: { time: 'new' },
          timeOffsets,
        });
        const ours = Number(readFileSync('/proc/uptime', 'latin1').split('.')[0]);
        assert.ok(Math.abs(Number(uptime) - 3600 - ours) < 60, `${uptime} inside, ${ours} outside`);
      },
    },
  ],
};
