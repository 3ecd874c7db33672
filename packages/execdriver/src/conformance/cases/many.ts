import assert from 'node:assert/strict';

import { outcomeOf } from '../bench.js';
import type { Group } from '../case.js';
import { openDescriptors } from '../traces.js';
import { eventually } from '../within.js';

/** More than one, and more than once. */
export const many: Group = {
  name: 'many containers',
  cases: [
    {
      name: 'run at once, each with its own output and status',
      run: async (bench) => {
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, async (_, number) => {
            const args = ['/bin/sh', '-c', `read line; echo "$line"; exit ${number}`];
            const container = await bench.start({ id: `n${number}`, process: { args } });
            container.streams!.stdin!.write(`line ${number}\n`);
            return outcomeOf(container);
          }),
        );
        for (const [number, { exit, stdout }] of outcomes.entries()) {
          assert.equal(stdout, `line ${number}\n`);
          assert.equal(exit.code, number);
        }
      },
    },
    {
      name: 'one after the other leave no descriptor behind',
      run: async (bench) => {
        const round = async (): Promise<void> => {
          await bench.run(['true']);
          const unread = await bench.start({ process: { args: ['echo', 'unread'] } });
          await unread.destroy();
          const unstarted = await bench.create();
          await unstarted.destroy();
          const failed = await bench.create({ process: { args: ['/none'] } });
          await failed.start().catch(() => undefined);
          await failed.destroy();
        };
        // What is opened once and kept, by the driver or by Node, is no leak.
        await round();
        await round();
        const before = openDescriptors();
        for (let count = 0; count < 10; count++) await round();
        await eventually('as few descriptors as before', openDescriptors, (now) => now <= before);
      },
    },
    {
      name: 'with a terminal leave no descriptor behind',
      needs: ['terminal', 'exec'],
      run: async (bench) => {
        const terminal = { rows: 24, columns: 80 };
        const round = async (): Promise<void> => {
          const container = await bench.start({ process: { args: ['/bin/sh'], terminal } });
          container.streams!.stdout!.resume();
          const process = await container.exec(bench.program('true', { terminal }));
          process.streams.stdout!.resume();
          await process.wait();
          await container.exec(bench.program('exit 1')).then(outcomeOf);
          await container.exec(bench.program('true', { cwd: '/etc/passwd' })).catch(() => undefined);
          await container.destroy();
        };
        await round();
        await round();
        const before = openDescriptors();
        for (let count = 0; count < 5; count++) await round();
        await eventually('as few descriptors as before', openDescriptors, (now) => now <= before);
      },
    },
  ],
};
