import assert from 'node:assert/strict';

import type { Bench, Change } from '../bench.js';
import type { Group } from '../case.js';

/** The mask of Docker's 14. */
const DEFAULT = '00000000a80425fb';
const NONE = '0000000000000000';
/** NET_BIND_SERVICE and CHOWN. */
const TWO = '0000000000000401';

/** The five sets of a program. */
async function sets(bench: Bench, change: Change = {}): Promise<Record<string, string>> {
  const { stdout } = await bench.run(['grep', '^Cap', '/proc/self/status'], change);
  return Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/:\s*/) as [string, string]),
  );
}

const expected = (all: string, bounding = all): Record<string, string> => ({
  CapInh: NONE,
  CapPrm: all,
  CapEff: all,
  CapBnd: bounding,
  CapAmb: NONE,
});

/** What root may do in a container. */
export const capabilities: Group = {
  name: 'capabilities',
  needs: ['capabilities', 'mnt namespace'],
  cases: [
    {
      name: 'are Docker’s 14 by default',
      run: async (bench) => assert.deepEqual(await sets(bench), expected(DEFAULT)),
    },
    {
      name: 'are those of the list',
      run: async (bench) => {
        const list = ['CHOWN', 'NET_BIND_SERVICE'];
        assert.deepEqual(await sets(bench, { process: { capabilities: list } }), expected(TWO));
      },
    },
    {
      name: 'are none with an empty list',
      run: async (bench) =>
        assert.deepEqual(await sets(bench, { process: { capabilities: [] } }), expected(NONE)),
    },
    {
      name: 'are in the bounding set only for a user other than root',
      needs: ['user'],
      run: async (bench) =>
        assert.deepEqual(await sets(bench, { process: { user: 'app' } }), expected(NONE, DEFAULT)),
    },
    {
      name: 'cannot be got back',
      run: async (bench) => {
        const { exit } = await bench.run(['mount', '-t', 'tmpfs', 'none', '/mnt'], {
          process: { capabilities: ['CHOWN'] },
        });
        assert.notEqual(exit.code, 0);
        assert.equal(await bench.sh('touch /f && chown 7 /f && stat -c %u /f'), '7');
      },
    },
    {
      name: 'of an unknown name are refused',
      run: async (bench) => {
        const error = await bench.fails('ERR_NS_INVALID_ARGUMENT', {
          process: { capabilities: ['NO_SUCH'] },
        });
        assert.ok(error.message.includes('NO_SUCH'), error.message);
      },
    },
    {
      name: 'can be closed to programs with set-user-id and file capabilities',
      run: async (bench) => {
        const flag = async (change: Change): Promise<string> =>
          (await bench.run(['grep', '^NoNewPrivs', '/proc/self/status'], change)).stdout.trim();
        assert.equal(await flag({}), 'NoNewPrivs:\t0');
        assert.equal(await flag({ process: { noNewPrivileges: true } }), 'NoNewPrivs:\t1');
      },
    },
  ],
};
