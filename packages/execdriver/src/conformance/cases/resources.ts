import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import type { Container } from '../../contract.js';
import type { Group } from '../case.js';
import { eventually } from '../within.js';

const MIB = 1024 * 1024;
const CGROUPS = '/sys/fs/cgroup';

/** The directories of a cgroup, in whatever hierarchies there are. */
const directoriesOf = (path: string): string[] =>
  [CGROUPS, ...readdirSync(CGROUPS).map((name) => join(CGROUPS, name))]
    .map((hierarchy) => join(hierarchy, path))
    .filter((directory) => existsSync(directory));

/** Counts as fast as a shell can, a line at a time. */
const COUNT = 'i=0; while :; do i=$((i+1)); echo $i; done';

/** How many bytes come from a container's output in a while. */
async function bytesIn(container: Container, ms: number): Promise<number> {
  let bytes = 0;
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
  };
  container.streams?.stdout?.on('data', count);
  await new Promise((resolve) => setTimeout(resolve, ms));
  container.streams?.stdout?.off('data', count);
  return bytes;
}

/** What a container may use of the machine. */
export const resources: Group = {
  name: 'resources',
  needs: ['resources', 'mnt namespace'],
  cases: [
    {
      name: 'are in the cgroup that it is told, which is gone with it',
      run: async (bench) => {
        const cgroup = `/${basename(bench.directory)}/group`;
        const container = await bench.start({ cgroup, process: { args: ['sleep', '100'] } });
        const directories = directoriesOf(cgroup);
        assert.notEqual(directories.length, 0);
        for (const directory of directories) {
          assert.equal(readFileSync(join(directory, 'cgroup.procs'), 'utf8'), `${container.pid}\n`);
        }
        await container.destroy();
        assert.deepEqual(directoriesOf(cgroup), []);
        // The group above it was made on the way.
        const { openCgroup } = await import('@ns/cgroups');
        await openCgroup(`/${basename(bench.directory)}`).remove();
      },
    },
    {
      name: 'are the root of its cgroup namespace',
      needs: ['cgroup namespace'],
      run: async (bench) => {
        const paths = (await bench.sh('cat /proc/self/cgroup')).split('\n').map((line) => line.split(':')[2]);
        assert.deepEqual([...new Set(paths)], ['/']);
      },
    },
    {
      name: 'run out: the program is killed, and it is said why',
      run: async (bench) => {
        const memory = { limitBytes: 24 * MIB, memorySwapBytes: 24 * MIB };
        const container = await bench.start({
          resources: { memory },
          process: { args: ['tail', '/dev/zero'], stdio: ['null', 'null', 'null'] },
        });
        const exit = await container.wait();
        assert.deepEqual([exit.code, exit.signal, exit.oomKilled], [137, 9, true]);
      },
    },
    {
      name: 'that are enough are nothing to talk of',
      run: async (bench) => {
        const { exit } = await bench.run(['true'], { resources: { memory: { limitBytes: 64 * MIB } } });
        assert.deepEqual([exit.code, exit.oomKilled], [0, false]);
      },
    },
    {
      name: 'limit processes, also later',
      needs: ['exec'],
      run: async (bench) => {
        const container = await bench.start({
          // A runtime's own program needs some on the way into the container.
          resources: { pids: { limit: 16 } },
          process: { args: ['sleep', '100'] },
        });
        const fork = 'for i in $(seq 30); do sleep 2 & done; wait';
        const program = bench.program(fork, { stdio: ['null', 'null', 'null'] });
        assert.notEqual((await (await container.exec(program)).wait()).code, 0);
        await container.update({ pids: { limit: 100 } });
        assert.equal((await (await container.exec(program)).wait()).code, 0);
      },
    },
    {
      name: 'that cannot be are refused',
      run: async (bench) => {
        await bench.fails('ERR_NS_INVALID_ARGUMENT', {
          resources: { memory: { limitBytes: 64 * MIB, memorySwapBytes: 32 * MIB } },
        });
        const container = await bench.start({ process: { args: ['sleep', '100'] } });
        await assert.rejects(container.update({ pids: { limit: -5 } }), { code: 'ERR_NS_INVALID_ARGUMENT' });
      },
    },
    {
      name: 'are counted',
      run: async (bench) => {
        const container = await bench.start({
          process: { args: ['sh', '-c', 'while :; do :; done'], stdio: ['null', 'null', 'null'] },
        });
        await eventually(
          'it uses processor time, memory and a process',
          () => container.stats(),
          ({ cpu, memory, pids }) =>
            (cpu?.usageUs ?? 0) > 20_000 && (memory?.usageBytes ?? 0) > 0 && pids?.current === 1,
        );
        assert.deepEqual(await container.processes(), [container.pid]);
      },
    },
    {
      name: 'do not include the devices of the host',
      needs: ['capabilities'],
      run: async (bench) => {
        const capabilities = ['MKNOD', 'DAC_OVERRIDE'];
        // The loop device and a tty: to make them is allowed, to open them is not.
        const script = `
          mknod /block b 7 0 && mknod /char c 4 1 || exit 9
          cat /block > /null 2>&1 && exit 1
          cat < /char > /null 2>&1 && exit 2
          head -c 1 /dev/zero > /null && echo > /dev/null || exit 3`;
        const { exit, stderr } = await bench.run(['sh', '-c', script], { process: { capabilities } });
        assert.equal(exit.code, 0, `exit code ${exit.code}: ${stderr}`);
      },
    },
    {
      name: 'include a device that is allowed',
      needs: ['capabilities'],
      run: async (bench) => {
        const capabilities = ['MKNOD', 'DAC_OVERRIDE'];
        const script = 'rm -f /char && mknod /char c 1 11 && echo > /char';
        const refused = await bench.run(['sh', '-c', script], { process: { capabilities } });
        assert.notEqual(refused.exit.code, 0);
        const devices = [
          { allow: false, type: 'a' },
          { allow: true, type: 'c', access: 'm' },
          { allow: true, type: 'c', major: 1, minor: 3 },
          { allow: true, type: 'c', major: 1, minor: 11, access: 'w' },
        ] as const;
        const allowed = await bench.run(['sh', '-c', script], {
          process: { capabilities },
          resources: { devices },
        });
        assert.equal(allowed.exit.code, 0, allowed.stderr);
      },
    },
    {
      name: 'stand still when it is paused, and only then',
      needs: ['pause'],
      run: async (bench) => {
        const container = await bench.start({ process: { args: ['sh', '-c', COUNT] } });
        assert.notEqual(await bytesIn(container, 50), 0);
        await container.pause();
        assert.equal(container.status, 'paused');
        // What was in the pipe.
        await bytesIn(container, 50);
        assert.equal(await bytesIn(container, 50), 0);
        await assert.rejects(container.pause(), { code: 'ERR_NS_CONFLICT' });
        await container.resume();
        assert.equal(container.status, 'running');
        assert.notEqual(await bytesIn(container, 100), 0);
        await assert.rejects(container.resume(), { code: 'ERR_NS_CONFLICT' });
      },
    },
    {
      name: 'that stand still are entered by nobody: exec says so at once',
      needs: ['pause', 'exec'],
      run: async (bench) => {
        const container = await bench.start({ process: { args: ['sleep', '100'] } });
        const program = bench.program('true', { stdio: ['null', 'null', 'null'] });
        await container.pause();
        await assert.rejects(container.exec(program), { code: 'ERR_NS_CONFLICT' });
        await container.resume();
        assert.equal((await (await container.exec(program)).wait()).code, 0);
      },
    },
    {
      name: 'that stand still can be killed',
      needs: ['pause', 'signals'],
      run: async (bench) => {
        const container = await bench.start({ process: { args: ['sleep', '100'] } });
        await container.pause();
        container.signal(9);
        assert.equal((await container.wait()).signal, 9);
        const other = await bench.start({ process: { args: ['sleep', '100'] } });
        await other.pause();
        await other.destroy();
      },
    },
    {
      name: 'are those of a container that runs',
      run: async (bench) => {
        const container = await bench.create();
        for (const attempt of [
          container.update({}),
          container.pause(),
          container.resume(),
          container.stats(),
        ]) {
          await assert.rejects(attempt, { code: 'ERR_NS_NOT_RUNNING' });
        }
      },
    },
  ],
};
