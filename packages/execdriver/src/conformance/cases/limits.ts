import assert from 'node:assert/strict';

import type { Case, Group } from '../case.js';
import type { Rlimit } from '../../contract.js';

const BAD: readonly (readonly [what: string, limit: Rlimit])[] = [
  ['an unknown name', { name: 'nosuch', soft: 1, hard: 1 }],
  ['a soft limit above the hard one', { name: 'nofile', soft: 2, hard: 1 }],
  ['a negative limit', { name: 'nofile', soft: -1, hard: 1 }],
  ['a fraction', { name: 'nofile', soft: 0.5, hard: 1 }],
];

/** Resource limits of a process. */
export const limits: Group = {
  name: 'limits',
  needs: ['rlimits'],
  cases: [
    {
      name: 'are set, soft and hard',
      run: async (bench) => {
        const rlimits: Rlimit[] = [
          { name: 'nofile', soft: 128, hard: 256 },
          { name: 'core', soft: 0, hard: 0 },
          { name: 'fsize', soft: 1024 * 1024, hard: 2 * 1024 * 1024 },
        ];
        const script =
          'echo $(ulimit -Sn) $(ulimit -Hn) $(ulimit -Sc) $(ulimit -Hc) $(ulimit -Sf) $(ulimit -Hf)';
        // Of fsize, the shell counts blocks of 512 bytes.
        assert.equal(await bench.sh(script, { process: { rlimits } }), '128 256 0 0 2048 4096');
      },
    },
    {
      name: 'of open files are 1024 by default: some programs close all that there may be',
      run: async (bench) => {
        assert.equal(await bench.sh('ulimit -Sn'), '1024');
      },
    },
    {
      name: 'of the chance to be killed when memory runs out are set',
      needs: ['mnt namespace'],
      run: async (bench) => {
        assert.equal(
          await bench.sh('cat /proc/self/oom_score_adj', { process: { oomScoreAdj: 321 } }),
          '321',
        );
      },
    },
    ...BAD.map(([what, limit]): Case => ({
      name: `with ${what} are refused`,
      run: async (bench) => {
        await bench.fails('ERR_NS_INVALID_ARGUMENT', { process: { rlimits: [limit] } });
      },
    })),
    {
      name: 'out of range for the OOM score are refused',
      run: async (bench) => {
        await bench.fails('ERR_NS_INVALID_ARGUMENT', { process: { oomScoreAdj: 1001 } });
      },
    },
  ],
};
