import assert from 'node:assert/strict';
import type { Writable } from 'node:stream';

import type { Container, WindowSize } from '../../contract.js';
import { throws, type Bench, type Change } from '../bench.js';
import type { Group } from '../case.js';
import { Reader } from '../collect.js';

const SIZE: WindowSize = { rows: 31, columns: 117 };

/** Someone at a terminal: what is shown, and what is typed. */
export interface Sitting {
  readonly container: Container;
  readonly screen: Reader;
  readonly keyboard: Writable;
}

async function sit(bench: Bench, script: string, change: Change = {}): Promise<Sitting> {
  const process = { ...change.process, args: ['/bin/sh', '-c', script], terminal: SIZE };
  const container = await bench.start({ ...change, process });
  return { container, screen: new Reader(container.streams?.stdout), keyboard: container.streams!.stdin! };
}

const CTRL_C = '\x03';
const CTRL_D = '\x04';

/** A terminal instead of pipes. */
export const terminal: Group = {
  name: 'a terminal',
  needs: ['terminal'],
  cases: [
    {
      name: 'is all three standard streams, and the errors have no stream of their own',
      run: async (bench) => {
        const { container, screen } = await sit(bench, 'test -t 0 && test -t 1 && test -t 2 && echo yes >&2');
        assert.equal(container.streams!.stderr, undefined);
        assert.equal(await screen.end(), 'yes\r\n');
        assert.equal((await container.wait()).code, 0);
      },
    },
    {
      name: 'is not there without being asked for',
      run: async (bench) => {
        const script =
          'test -t 0 || test -t 1 || test -t 2 || echo none; (: < /dev/tty) 2> /dev/null && echo tty';
        assert.equal((await bench.run(['/bin/sh', '-c', script])).stdout, 'none\n');
      },
    },
    {
      name: 'has its size before the program starts',
      run: async (bench) => {
        const { screen } = await sit(bench, 'stty size');
        assert.equal(await screen.end(), '31 117\r\n');
      },
    },
    {
      name: 'tells the program of another size',
      run: async (bench) => {
        const script = `trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.02; done`;
        const { container, screen } = await sit(bench, script);
        await screen.until('ready\r\n');
        container.resize({ rows: 40, columns: 132 });
        await screen.until('40 132\r\n');
        assert.equal((await container.wait()).code, 0);
      },
    },
    {
      name: 'refuses a size that is none',
      run: async (bench) => {
        const { container } = await sit(bench, 'read line');
        for (const rows of [-1, 0.5, 65_536, Number.NaN]) {
          throws('ERR_NS_INVALID_ARGUMENT', () => container.resize({ rows, columns: 80 }));
        }
        await bench.fails('ERR_NS_INVALID_ARGUMENT', { process: { terminal: { rows: -1, columns: 80 } } });
      },
    },
    {
      name: 'cannot be resized where there is none, or not any more',
      run: async (bench) => {
        const without = await bench.startShell();
        throws('ERR_NS_UNSUPPORTED', () => without.resize(SIZE));
        const { container, screen } = await sit(bench, 'true');
        await screen.end();
        await container.wait();
        throws('ERR_NS_NOT_RUNNING', () => container.resize(SIZE));
      },
    },
    {
      name: 'shows what is typed, and gives it to the program line by line',
      run: async (bench) => {
        const { screen, keyboard } = await sit(bench, 'read line; echo "got $line"');
        keyboard.write('hello\n');
        assert.equal(await screen.end(), 'hello\r\ngot hello\r\n');
      },
    },
    {
      name: 'interrupts on Ctrl-C',
      run: async (bench) => {
        const script = `trap 'echo interrupted; exit 5' INT; echo ready; while :; do sleep 0.02; done`;
        const { container, screen, keyboard } = await sit(bench, script);
        await screen.until('ready\r\n');
        keyboard.write(CTRL_C);
        await screen.until('interrupted\r\n');
        assert.equal((await container.wait()).code, 5);
      },
    },
    {
      name: 'ends the input on Ctrl-D',
      run: async (bench) => {
        const { container, screen, keyboard } = await sit(bench, 'echo ready; cat; echo end');
        await screen.until('ready\r\n');
        keyboard.write(CTRL_D);
        await screen.until('end\r\n');
        assert.equal((await container.wait()).code, 0);
      },
    },
    {
      name: 'controls the session',
      needs: ['mnt namespace'],
      run: async (bench) => {
        const { screen } = await sit(bench, 'echo x > /dev/tty; tty; echo y > /dev/console');
        assert.equal(await screen.end(), 'x\r\n/dev/pts/0\r\ny\r\n');
      },
    },
    {
      name: 'belongs to the user of the program',
      needs: ['mnt namespace', 'user'],
      run: async (bench) => {
        const { screen } = await sit(bench, 'echo x > $(tty); stat -c %u $(tty)', {
          process: { user: 'app' },
        });
        assert.equal(await screen.end(), 'x\r\n1000\r\n');
      },
    },
    {
      name: 'shows all of a long output',
      run: async (bench) => {
        const { container, screen } = await sit(bench, 'seq 1 50000');
        const expected = Array.from({ length: 50_000 }, (_, index) => `${index + 1}\r\n`).join('');
        assert.ok((await screen.end()) === expected);
        assert.equal((await container.wait()).code, 0);
      },
    },
    {
      name: 'passes what was not read yet when the program ended',
      run: async (bench) => {
        const process = { args: ['/bin/sh', '-c', 'echo last; exit 3'], terminal: SIZE };
        const container = await bench.start({ process });
        assert.equal((await container.wait()).code, 3);
        assert.equal(await new Reader(container.streams?.stdout).end(), 'last\r\n');
      },
    },
  ],
};
