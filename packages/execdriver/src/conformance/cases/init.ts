import assert from 'node:assert/strict';

import { rejects } from '../bench.js';
import type { Group } from '../case.js';
import { Reader } from '../collect.js';
import { LIST_DESCRIPTORS } from './program.js';

const SIGTERM = 15;

/** A small init as process 1: `docker run --init`. */
export const init: Group = {
  name: 'init',
  needs: ['init', 'pid namespace', 'mnt namespace'],
  cases: [
    {
      name: 'is process 1, and passes the exit status on',
      run: async (bench) => {
        const { exit, stdout } = await bench.run(['/bin/sh', '-c', 'echo $$ $PPID; exit 5'], { init: true });
        const [pid, parent] = stdout.trim().split(' ');
        assert.notEqual(pid, '1');
        assert.equal(parent, '1');
        assert.equal(exit.code, 5);
      },
    },
    {
      name: 'tells of a signal as a shell does',
      run: async (bench) => {
        const { exit } = await bench.run(['/bin/sh', '-c', 'kill -TERM $$'], { init: true });
        assert.equal(exit.code, 143);
      },
    },
    {
      name: 'forwards signals',
      needs: ['signals'],
      run: async (bench) => {
        const script = `trap 'exit 9' TERM; echo ready; while :; do sleep 0.02; done`;
        const container = await bench.start({ init: true, process: { args: ['/bin/sh', '-c', script] } });
        await new Reader(container.streams?.stdout).until('ready\n');
        container.signal(SIGTERM);
        assert.equal((await container.wait()).code, 9);
      },
    },
    {
      name: 'lets a signal end a program that does nothing about it',
      needs: ['signals'],
      run: async (bench) => {
        const container = await bench.start({ init: true, process: { args: ['sleep', '100'] } });
        container.signal(SIGTERM);
        assert.equal((await container.wait()).code, 143);
      },
    },
    {
      name: 'collects orphans',
      run: async (bench) => {
        // Each inner shell ends before its child does: the children are then process 1's.
        const script = `for i in 1 2 3 4 5; do sh -c 'sleep 0.1 & exit'; done; sleep 0.4
          grep -c '^State:.Z' /proc/[0-9]*/status | grep -vc ':0'`;
        const { stdout } = await bench.run(['/bin/sh', '-c', script], { init: true });
        assert.equal(stdout, '0\n');
      },
    },
    {
      name: 'ends with the program, and the others with it',
      run: async (bench) => {
        const { exit } = await bench.run(['/bin/sh', '-c', 'sleep 100 > /dev/null 2>&1 & exit 2'], {
          init: true,
        });
        assert.equal(exit.code, 2);
      },
    },
    {
      name: 'says that the program is missing',
      run: async (bench) => {
        await bench.fails('ERR_NS_COMMAND_NOT_FOUND', { init: true, process: { args: ['no-such-command'] } });
        await bench.fails('ERR_NS_COMMAND_NOT_EXECUTABLE', {
          id: 'second',
          init: true,
          process: { args: ['/etc'] },
        });
      },
    },
    {
      name: 'leaves streams, user and directory to the program',
      needs: ['user'],
      run: async (bench) => {
        const args = ['/bin/sh', '-c', `cat; id -u; pwd; ${LIST_DESCRIPTORS}`];
        const process = { args, user: 'app', cwd: '/etc' };
        const container = await bench.start({ init: true, process });
        container.streams!.stdin!.end('in\n');
        assert.equal(await new Reader(container.streams?.stdout).end(), 'in\n1000\n/etc\n0\n1\n2\n');
      },
    },
    {
      name: 'gives Ctrl-C to the program',
      needs: ['terminal'],
      run: async (bench) => {
        const script = `trap 'echo interrupted; exit 5' INT; echo ready; while :; do sleep 0.02; done`;
        const process = { args: ['/bin/sh', '-c', script], terminal: { rows: 24, columns: 80 } };
        const container = await bench.start({ init: true, process });
        const screen = new Reader(container.streams?.stdout);
        await screen.until('ready\r\n');
        container.streams!.stdin!.write('\x03');
        await screen.until('interrupted\r\n');
        assert.equal((await container.wait()).code, 5);
      },
    },
    {
      name: 'lets programs be executed beside it',
      needs: ['exec'],
      run: async (bench) => {
        const container = await bench.start({ init: true, process: { args: ['/bin/sh'] } });
        assert.equal(await bench.execSh(container, 'echo beside'), 'beside');
        container.streams!.stdin!.end();
        assert.equal((await container.wait()).code, 0);
        await rejects('ERR_NS_NOT_RUNNING', container.exec(bench.program('true')));
      },
    },
  ],
};
