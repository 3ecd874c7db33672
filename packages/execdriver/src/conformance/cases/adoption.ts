import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Container } from '../../contract.js';
import { rejects, type Bench, type Change } from '../bench.js';
import type { Group } from '../case.js';
import { collect, Reader } from '../collect.js';
import { elsewhere } from '../elsewhere.js';
import { isAlive } from '../traces.js';

const SIGKILL = 9;

/** A container of a process that was killed. */
async function orphan(bench: Bench, script: string, change: Change = {}): Promise<void> {
  const process = { ...change.process, args: ['/bin/sh', '-c', script] };
  const other = await elsewhere(bench, [{ start: bench.spec({ id: 'orphan', ...change, process }) }]);
  await other.kill();
}

const adopt = async (bench: Bench): Promise<Container> => bench.keep(await bench.driver.adopt('orphan'));

/** A container outlives the process that started it. */
export const adoption: Group = {
  name: 'a container whose creator was killed',
  needs: ['adopt'],
  cases: [
    {
      name: 'goes on, and is adopted with its output and its input',
      run: async (bench) => {
        const script =
          'echo before; sleep 0.3; echo between; read line; echo "got $line"; read line || exit 7';
        await orphan(bench, script);
        await sleep(500);
        assert.deepEqual(await bench.driver.list(), ['orphan']);
        const container = await adopt(bench);
        assert.equal(container.status, 'running');
        assert.ok(isAlive(container.pid!));
        const reader = new Reader(container.streams?.stdout);
        await reader.until('before\nbetween\n');
        container.streams!.stdin!.write('hello\n');
        await reader.until('got hello\n');
        container.streams!.stdin!.end();
        assert.equal((await container.wait()).code, 7);
        await reader.end();
        assert.equal(container.status, 'stopped');
      },
    },
    {
      name: 'keeps its input open',
      run: async (bench) => {
        await orphan(bench, 'cat; exit 3');
        await sleep(200);
        const container = await adopt(bench);
        assert.equal(container.status, 'running');
        container.streams!.stdin!.end('all\n');
        assert.deepEqual(await collect(container.streams), { stdout: 'all\n', stderr: '' });
        assert.equal((await container.wait()).code, 3);
      },
    },
    {
      name: 'that ended meanwhile is adopted with its exit and its output',
      run: async (bench) => {
        const before = Date.now();
        await orphan(bench, 'sleep 0.3; echo late; exit 5');
        await sleep(700);
        const container = await adopt(bench);
        const exit = await container.wait();
        assert.equal(exit.code, 5);
        assert.equal(container.status, 'stopped');
        const { stdout } = await collect(container.streams);
        assert.equal(stdout, 'late\n');
        const at = exit.finishedAt.getTime();
        assert.ok(at > before && at < Date.now(), 'the time of its end, not of the adoption');
      },
    },
    {
      name: 'is adopted, and the signal that ends it then is known',
      run: async (bench) => {
        await orphan(bench, 'sleep 100');
        const container = await adopt(bench);
        process.kill(container.pid!, SIGKILL);
        const exit = await container.wait();
        assert.deepEqual([exit.code, exit.signal], [137, SIGKILL]);
      },
    },
    {
      name: 'is signalled, executed in, listed and destroyed like any other',
      needs: ['signals', 'exec'],
      run: async (bench) => {
        await orphan(bench, `trap 'echo trapped' USR2; echo ready; while :; do sleep 0.02; done`);
        const container = await adopt(bench);
        const reader = new Reader(container.streams?.stdout);
        await reader.until('ready\n');
        container.signal(12);
        await reader.until('trapped\n');
        assert.equal(await bench.execSh(container, 'echo inside'), 'inside');
        const pids = await container.processes();
        assert.ok(pids.includes(container.pid!));
        await container.destroy();
        assert.deepEqual(pids.filter(isAlive), []);
        assert.deepEqual(await bench.driver.list(), []);
      },
    },
    {
      name: 'keeps its terminal',
      needs: ['terminal'],
      run: async (bench) => {
        const script = `echo ready; read line; stty size; trap 'stty size; exit 4' WINCH; while :; do sleep 0.02; done`;
        await orphan(bench, script, { process: { terminal: { rows: 20, columns: 70 } } });
        const container = await adopt(bench);
        const screen = new Reader(container.streams?.stdout);
        await screen.until('ready\r\n');
        container.streams!.stdin!.write('\n');
        await screen.until('20 70\r\n');
        await sleep(50);
        container.resize({ rows: 25, columns: 75 });
        await screen.until('25 75\r\n');
        assert.equal((await container.wait()).code, 4);
      },
    },
    {
      name: 'before the start is adopted to be destroyed',
      run: async (bench) => {
        const spec = bench.spec({ id: 'orphan' });
        const other = await elsewhere(bench, [{ create: spec }]);
        await other.kill();
        await rejects('ERR_NS_CONFLICT', bench.driver.create(spec));
        const container = await adopt(bench);
        assert.equal(container.status, 'stopped');
        await rejects('ERR_NS_NOT_RUNNING', container.wait());
        await container.destroy();
        assert.deepEqual(await bench.driver.list(), []);
      },
    },
    {
      name: 'is one of many',
      run: async (bench) => {
        const names = ['a', 'b', 'c', 'd', 'e'];
        const other = await elsewhere(
          bench,
          names.map((id) => ({
            start: bench.spec({ id, process: { args: ['/bin/sh', '-c', `read x; echo ${id}; exit 6`] } }),
          })),
        );
        await other.kill();
        assert.deepEqual((await bench.driver.list()).toSorted(), names);
        for (const id of names) {
          const container = bench.keep(await bench.driver.adopt(id));
          container.streams!.stdin!.end();
          assert.equal((await collect(container.streams)).stdout, `${id}\n`);
          assert.equal((await container.wait()).code, 6);
        }
      },
    },
    {
      name: 'that never was is not found',
      run: async (bench) => {
        const error = await rejects('ERR_NS_NOT_FOUND', bench.driver.adopt('none'));
        assert.ok(error.message.includes('none'));
        await rejects('ERR_NS_NOT_FOUND', bench.driver.adopt('../none'));
      },
    },
    {
      name: 'is adopted by one process after another',
      run: async (bench) => {
        await orphan(bench, 'echo one; read line; echo $line');
        const second = await elsewhere(bench, [{ adopt: 'orphan' }]);
        await second.kill();
        const container = await adopt(bench);
        container.streams!.stdin!.end('two\n');
        assert.equal((await collect(container.streams)).stdout, 'one\ntwo\n');
        assert.equal((await container.wait()).code, 0);
      },
    },
    {
      name: 'belongs to one process at a time',
      run: async (bench) => {
        const spec = bench.spec({ id: 'orphan', process: { args: ['/bin/sh', '-c', 'read line'] } });
        const other = await elsewhere(bench, [{ start: spec }]);
        await rejects('ERR_NS_CONFLICT', bench.driver.adopt('orphan'));
        await other.kill();
        const container = await adopt(bench);
        assert.equal(container.status, 'running');
        await rejects('ERR_NS_CONFLICT', bench.reopen().adopt('orphan'));
      },
    },
  ],
};
