import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import type { NamespaceKind } from '../../contract.js';
import { ENV, outcomeOf, rejects, throws } from '../bench.js';
import type { Case, Group } from '../case.js';
import { Reader } from '../collect.js';
import { isAlive } from '../traces.js';
import { eventually } from '../within.js';
import { namespaceOf } from './namespaces.js';
import { LIST_DESCRIPTORS } from './program.js';

const KINDS: readonly NamespaceKind[] = ['mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup', 'user'];
const SIGKILL = 9;
const SIGTERM = 15;

const exitStatuses = [0, 7, 255].map((status): Case => ({
  name: `gives the exit status ${status}, and leaves the container alone`,
  run: async (bench) => {
    const container = await bench.startShell();
    const { exit } = await outcomeOf(await container.exec(bench.program(`exit ${status}`)));
    assert.equal(exit.code, status);
    assert.equal(container.status, 'running');
  },
}));

/** More programs in a container that runs. */
export const exec: Group = {
  name: 'exec',
  needs: ['exec'],
  cases: [
    ...exitStatuses,
    {
      name: 'has streams of its own',
      run: async (bench) => {
        const container = await bench.startShell();
        const process = await container.exec(bench.program('cat; echo err >&2'));
        process.streams.stdin!.write('in\n');
        const { stdout, stderr } = await outcomeOf(process);
        assert.deepEqual([stdout, stderr], ['in\n', 'err\n']);
      },
    },
    {
      name: 'sees what the container sees',
      run: async (bench) => {
        const container = await bench.startShell();
        container.streams!.stdin!.write('echo here > /file; echo done\n');
        await new Reader(container.streams?.stdout).until('done\n');
        assert.equal(await bench.execSh(container, 'cat /file; pwd'), 'here\n/');
      },
    },
    {
      name: 'is in all namespaces of the container',
      run: async (bench) => {
        const container = await bench.startShell();
        const process = await container.exec(bench.program('read line'));
        // What a kernel of its own has of namespaces, the host does not see.
        const kinds = bench.driver.info.abilities.ownKernel === true ? [] : KINDS;
        for (const kind of kinds) {
          assert.equal(namespaceOf(process.pid, kind), namespaceOf(container.pid!, kind), kind);
        }
        process.streams.stdin!.end();
        await process.wait();
      },
    },
    {
      name: 'is among the processes of the container',
      run: async (bench) => {
        const container = await bench.startShell();
        const process = await container.exec(bench.program('read line'));
        const isSeen = bench.driver.info.abilities.ownKernel !== true;
        assert.equal((await container.processes()).includes(process.pid), isSeen);
        process.streams.stdin!.end();
        await process.wait();
        await eventually(
          'the process gone',
          () => container.processes(),
          (pids) => !pids.includes(process.pid),
        );
      },
    },
    {
      name: 'has the environment and directory that it is given, not the container’s',
      run: async (bench) => {
        const container = await bench.startShell({ process: { env: [...ENV, 'CONTAINER=1'] } });
        const env = [...ENV, 'A=1'];
        const { stdout } = await outcomeOf(await container.exec({ args: ['env'], env }));
        assert.deepEqual(stdout.trim().split('\n').toSorted(), [...env, 'HOME=/root'].toSorted());
        assert.equal(await bench.execSh(container, 'pwd', { cwd: '/etc' }), '/etc');
      },
    },
    {
      name: 'has its standard streams and no other descriptor',
      needs: ['mnt namespace'],
      run: async (bench) => {
        const container = await bench.startShell();
        assert.equal(await bench.execSh(container, LIST_DESCRIPTORS), '0\n1\n2');
      },
    },
    {
      name: 'is a user of the container',
      needs: ['user'],
      run: async (bench) => {
        const container = await bench.startShell();
        const script = 'echo $(id -u) $(id -g) $(id -G) $HOME';
        assert.equal(await bench.execSh(container, script, { user: 'app' }), '1000 1001 1001 44 /home/app');
        await rejects('ERR_NS_NOT_FOUND', container.exec(bench.program('true', { user: 'nobody-here' })));
      },
    },
    {
      name: 'can open its standard streams by name',
      needs: ['user', 'mnt namespace'],
      run: async (bench) => {
        const container = await bench.startShell();
        const script = 'echo out > /dev/stdout; cat < /dev/stdin';
        assert.equal(await bench.execSh(container, script, { user: 'app' }), 'out');
      },
    },
    {
      name: 'has Docker’s capabilities, or those of its list',
      needs: ['capabilities', 'mnt namespace'],
      run: async (bench) => {
        const container = await bench.startShell();
        const script = 'grep -E "Cap(Inh|Eff|Bnd|Amb)" /proc/self/status | cut -f2';
        const none = '0000000000000000';
        const all = '00000000a80425fb';
        assert.deepEqual((await bench.execSh(container, script)).split('\n'), [none, all, all, none]);
        const capabilities = ['CHOWN'];
        const one = '0000000000000001';
        assert.deepEqual((await bench.execSh(container, script, { capabilities })).split('\n'), [
          none,
          one,
          one,
          none,
        ]);
      },
    },
    {
      name: 'has limits and a umask',
      needs: ['rlimits'],
      run: async (bench) => {
        const container = await bench.startShell();
        const rlimits = [{ name: 'nofile', soft: 33, hard: 44 }];
        const [umask, text] = bench.driver.info.abilities.umask === false ? [0o022, '0022'] : [0o027, '0027'];
        const script = 'echo $(ulimit -Sn) $(ulimit -Hn) $(umask)';
        assert.equal(await bench.execSh(container, script, { rlimits, umask }), `33 44 ${text}`);
      },
    },
    {
      name: 'has a terminal',
      needs: ['terminal'],
      run: async (bench) => {
        const container = await bench.startShell();
        const script = `trap 'stty size; exit 6' WINCH; stty size; test -t 2 && while :; do sleep 0.02; done`;
        const process = await container.exec(bench.program(script, { terminal: { rows: 20, columns: 60 } }));
        const screen = new Reader(process.streams.stdout);
        await screen.until('20 60\r\n');
        process.resize({ rows: 21, columns: 61 });
        await screen.until('21 61\r\n');
        assert.equal((await process.wait()).code, 6);
        const without = await container.exec(bench.program('read line'));
        throws('ERR_NS_UNSUPPORTED', () => without.resize({ rows: 1, columns: 1 }));
        await outcomeOf(without);
      },
    },
    {
      name: 'receives signals, and says which one ended it',
      needs: ['signals'],
      run: async (bench) => {
        const container = await bench.startShell();
        const process = await container.exec({ args: ['sleep', '100'], env: ENV });
        process.signal(SIGTERM);
        const exit = await process.wait();
        assert.deepEqual([exit.code, exit.signal], [143, SIGTERM]);
        throws('ERR_NS_NOT_RUNNING', () => process.signal(SIGKILL));
      },
    },
    {
      name: 'ends with the container',
      needs: ['pid namespace'],
      run: async (bench) => {
        const container = await bench.startShell();
        const process = await container.exec({ args: ['sleep', '100'], env: ENV });
        container.streams!.stdin!.end();
        await container.wait();
        const exit = await process.wait();
        assert.equal(exit.code, 137);
        assert.ok(!isAlive(process.pid));
      },
    },
    {
      name: 'of a command that is missing or cannot be executed says so, and leaves the container alone',
      run: async (bench) => {
        const container = await bench.startShell();
        const before = await container.processes();
        await rejects('ERR_NS_COMMAND_NOT_FOUND', container.exec({ args: ['no-such-command'], env: ENV }));
        await rejects('ERR_NS_COMMAND_NOT_EXECUTABLE', container.exec({ args: ['/etc'], env: ENV }));
        await rejects('ERR_NS_INVALID_ARGUMENT', container.exec({ args: [], env: ENV }));
        await eventually(
          'the same processes',
          () => container.processes(),
          (now) => now.length === before.length,
        );
        assert.equal(container.status, 'running');
      },
    },
    {
      name: 'is not possible before and after',
      run: async (bench) => {
        const container = await bench.create();
        await rejects('ERR_NS_NOT_RUNNING', container.exec(bench.program('true')));
        await container.start();
        await container.wait();
        await rejects('ERR_NS_NOT_RUNNING', container.exec(bench.program('true')));
      },
    },
    {
      name: 'runs ten programs at once',
      run: async (bench) => {
        const container = await bench.startShell();
        const numbers = Array.from({ length: 10 }, (_, index) => index);
        const texts = await Promise.all(numbers.map((number) => bench.execSh(container, `echo ${number}`)));
        assert.deepEqual(texts, numbers.map(String));
      },
    },
    {
      name: 'has no signal blocked or ignored, and nobody traces it',
      needs: ['mnt namespace'],
      run: async (bench) => {
        const container = await bench.startShell();
        const process = await container.exec(bench.program('read line'));
        const status = readFileSync(`/proc/${process.pid}/status`, 'latin1');
        assert.match(status, /^Sig(Blk|Ign):\t0{16}$/m);
        assert.match(status, /^TracerPid:\t0$/m);
        await outcomeOf(process);
      },
    },
  ],
};
