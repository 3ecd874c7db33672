import assert from 'node:assert/strict';

import { rejects, throws } from '../bench.js';
import type { Case, Group } from '../case.js';
import { collect, Reader } from '../collect.js';
import { isAlive } from '../traces.js';
import { eventually } from '../within.js';

const SIGKILL = 9;
const SIGTERM = 15;

const exitStatuses = [0, 1, 7, 255].map((status): Case => ({
  name: `gives the exit status ${status}`,
  run: async (bench) => {
    const { exit } = await bench.run(['/bin/sh', '-c', `exit ${status}`]);
    assert.equal(exit.code, status);
    assert.equal(exit.signal, undefined);
    assert.equal(exit.oomKilled, false);
  },
}));

/** From create to destroy. */
export const lifeCycle: Group = {
  name: 'life cycle',
  cases: [
    {
      name: 'goes from created to running to stopped',
      run: async (bench) => {
        const container = await bench.create({ process: { args: ['/bin/sh', '-c', 'read line'] } });
        assert.equal(container.status, 'created');
        assert.equal(container.pid, undefined);
        assert.equal(container.streams, undefined);
        await container.start();
        assert.equal(container.status, 'running');
        assert.ok(isAlive(container.pid!));
        container.streams!.stdin!.end();
        await container.wait();
        assert.equal(container.status, 'stopped');
        assert.equal(container.pid, undefined);
      },
    },
    ...exitStatuses,
    {
      name: 'gives the signal that ended it, and 128 + its number',
      needs: ['signals'],
      run: async (bench) => {
        const container = await bench.startShell();
        container.signal(SIGKILL);
        const exit = await container.wait();
        assert.equal(exit.code, 137);
        assert.equal(exit.signal, SIGKILL);
      },
    },
    {
      name: 'tells when it ended',
      run: async (bench) => {
        const before = Date.now();
        const { exit } = await bench.run(['true']);
        assert.ok(
          exit.finishedAt.getTime() >= before - 1000 && exit.finishedAt.getTime() <= Date.now() + 1000,
        );
      },
    },
    {
      name: 'can be waited for before the start, and as often as one likes',
      run: async (bench) => {
        const container = await bench.create({ process: { args: ['/bin/sh', '-c', 'exit 3'] } });
        const early = [container.wait(), container.wait()];
        await container.start();
        assert.deepEqual(
          (await Promise.all([...early, container.wait()])).map((exit) => exit.code),
          [3, 3, 3],
        );
        assert.equal((await container.wait()).code, 3);
      },
    },
    {
      name: 'starts once',
      run: async (bench) => {
        const container = await bench.start();
        await rejects('ERR_NS_CONFLICT', container.start());
        await container.wait();
        await rejects('ERR_NS_CONFLICT', container.start());
      },
    },
    {
      name: 'has its id to itself until it is destroyed',
      run: async (bench) => {
        const first = await bench.startShell({ id: 'same' });
        await rejects('ERR_NS_CONFLICT', bench.create({ id: 'same' }));
        await rejects('ERR_NS_CONFLICT', bench.reopen().create(bench.spec({ id: 'same' })));
        assert.equal(first.status, 'running', 'the first is not touched');
        await first.destroy();
        const second = await bench.start({ id: 'same' });
        assert.equal((await second.wait()).code, 0);
      },
    },
    {
      name: 'is listed from create to destroy',
      run: async (bench) => {
        assert.deepEqual(await bench.driver.list(), []);
        const first = await bench.create({ id: 'one' });
        const second = await bench.start({ id: 'two' });
        assert.deepEqual((await bench.driver.list()).toSorted(), ['one', 'two']);
        await second.wait();
        assert.deepEqual((await bench.reopen().list()).toSorted(), ['one', 'two']);
        await first.destroy();
        assert.deepEqual(await bench.driver.list(), ['two']);
      },
    },
    {
      name: 'receives signals',
      needs: ['signals'],
      run: async (bench) => {
        const script = `trap 'exit 9' TERM; echo ready; while :; do sleep 0.02; done`;
        const container = await bench.start({ process: { args: ['/bin/sh', '-c', script] } });
        await new Reader(container.streams?.stdout).until('ready\n');
        container.signal(SIGTERM);
        assert.equal((await container.wait()).code, 9);
      },
    },
    {
      name: 'cannot be signalled before and after',
      needs: ['signals'],
      run: async (bench) => {
        const container = await bench.create();
        throws('ERR_NS_NOT_RUNNING', () => container.signal(SIGTERM));
        await container.start();
        await container.wait();
        throws('ERR_NS_NOT_RUNNING', () => container.signal(SIGTERM));
      },
    },
    {
      name: 'lists its processes by the pids of the host',
      run: async (bench) => {
        const script = 'sleep 100 & sleep 100 & echo ready; wait';
        const container = await bench.start({ process: { args: ['/bin/sh', '-c', script] } });
        await new Reader(container.streams?.stdout).until('ready\n');
        const pids = await eventually(
          'its processes',
          () => container.processes(),
          (list) => list.length === bench.seen(3),
        );
        assert.ok(pids.includes(container.pid!));
        assert.ok(pids.every(isAlive));
      },
    },
    {
      name: 'has ended when all its processes have',
      needs: ['pid namespace'],
      run: async (bench) => {
        const script = 'sleep 100 & echo ready; read line';
        const container = await bench.start({ process: { args: ['/bin/sh', '-c', script] } });
        await new Reader(container.streams?.stdout).until('ready\n');
        const pids = await eventually(
          'its processes',
          () => container.processes(),
          (list) => list.length === bench.seen(2),
        );
        container.streams!.stdin!.end();
        await container.wait();
        assert.deepEqual(pids.filter(isAlive), []);
      },
    },
    {
      name: 'is gone with its processes when destroy returns',
      run: async (bench) => {
        const script = 'sleep 100 & yes & echo ready >&2; wait';
        const container = await bench.start({ process: { args: ['/bin/sh', '-c', script] } });
        await new Reader(container.streams?.stderr).until('ready\n');
        const pids = await eventually(
          'its processes',
          () => container.processes(),
          (list) => list.length === bench.seen(3),
        );
        await container.destroy();
        assert.deepEqual(pids.filter(isAlive), []);
        assert.deepEqual(await bench.driver.list(), []);
        assert.equal((await container.wait()).code, 137);
        await container.destroy();
      },
    },
    {
      name: 'can be destroyed unstarted, and then never ends',
      run: async (bench) => {
        const container = await bench.create();
        const waiting = rejects('ERR_NS_NOT_RUNNING', container.wait());
        await container.destroy();
        await waiting;
        assert.equal(container.status, 'stopped');
        await rejects('ERR_NS_CONFLICT', container.start());
      },
    },
    {
      name: 'can be destroyed while it starts',
      run: async (bench) => {
        const container = await bench.create({ process: { args: ['sleep', '100'] } });
        const starting = container.start().catch(() => undefined);
        await container.destroy();
        await starting;
        assert.equal(container.status, 'stopped');
        assert.deepEqual(await bench.driver.list(), []);
      },
    },
    {
      name: 'keeps its exit and what was not read yet after it ended',
      run: async (bench) => {
        const container = await bench.start({
          process: { args: ['/bin/sh', '-c', 'echo out; echo err >&2; exit 4'] },
        });
        assert.equal((await container.wait()).code, 4);
        assert.deepEqual(await collect(container.streams), { stdout: 'out\n', stderr: 'err\n' });
      },
    },
  ],
};
