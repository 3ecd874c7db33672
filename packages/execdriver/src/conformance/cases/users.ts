import assert from 'node:assert/strict';

import type { NsErrorCode } from '@ns/errors';

import type { ProcessSpec } from '../../contract.js';
import type { Case, Group } from '../case.js';

interface Someone {
  readonly user?: string;
  readonly groups?: readonly string[];
}

/** What `id` says: uid, gid, all groups; and HOME. The files are those of root-copy.ts. */
const WHO: readonly (readonly [someone: Someone, ids: string, home: string])[] = [
  [{}, '0 0 0', '/root'],
  [{ user: 'app' }, '1000 1001 1001 44', '/home/app'],
  [{ user: '1000' }, '1000 1001 1001 44', '/home/app'],
  [{ user: 'app:extra' }, '1000 60 60', '/home/app'],
  [{ user: '1000:60' }, '1000 60 60', '/home/app'],
  [{ user: '4242' }, '4242 0 0', '/'],
  [{ user: '4242:4243' }, '4242 4243 4243', '/'],
  [{ user: 'app', groups: ['extra', '99'] }, '1000 1001 1001 44 60 99', '/home/app'],
  [{ user: '4242:4243', groups: ['video'] }, '4242 4243 4243 44', '/'],
];

const UNKNOWN: readonly (readonly [someone: Someone, code: NsErrorCode])[] = [
  [{ user: 'nobody-here' }, 'ERR_NS_NOT_FOUND'],
  [{ user: 'app:no-group' }, 'ERR_NS_NOT_FOUND'],
  [{ groups: ['no-group'] }, 'ERR_NS_NOT_FOUND'],
  [{ user: '99999999999' }, 'ERR_NS_INVALID_ARGUMENT'],
];

const describe = ({ user, groups }: Someone): string =>
  [user ?? 'nobody in particular', ...(groups === undefined ? [] : [`with ${groups.join(', ')}`])].join(' ');

const program = (someone: Someone): Partial<ProcessSpec> => ({ ...someone });

/** Users and groups, by the container's own files. */
export const users: Group = {
  name: 'user',
  needs: ['user'],
  cases: [
    ...WHO.map(([someone, ids, home]): Case => ({
      name: `${describe(someone)} is ${ids}, at home in ${home}`,
      run: async (bench) => {
        const script = 'echo $(id -u) $(id -g) $(id -G); echo $HOME';
        assert.equal(await bench.sh(script, { process: program(someone) }), `${ids}\n${home}`);
      },
    })),
    ...UNKNOWN.map(([someone, code]): Case => ({
      name: `${describe(someone)} is refused: ${code}`,
      run: async (bench) => {
        const error = await bench.fails(code, { process: program(someone) });
        const names = [...(someone.user ?? '').split(':'), ...(someone.groups ?? [])];
        assert.ok(
          names.some((name) => name !== '' && error.message.includes(name)),
          error.message,
        );
      },
    })),
    {
      name: 'cannot write what is root’s',
      run: async (bench) => {
        const { exit } = await bench.run(['/bin/sh', '-c', 'echo x > /etc/passwd'], {
          process: { user: 'app' },
        });
        assert.notEqual(exit.code, 0);
      },
    },
    {
      name: 'can open its standard streams by name',
      needs: ['mnt namespace'],
      run: async (bench) => {
        const script = 'echo out > /dev/stdout; echo err > /dev/stderr; cat < /dev/stdin';
        const { exit, stdout, stderr } = await bench.run(['/bin/sh', '-c', script], {
          process: { user: 'app' },
        });
        assert.deepEqual([stdout, stderr, exit.code], ['out\n', 'err\n', 0]);
      },
    },
    {
      name: 'without users’ files is by number',
      run: async (bench) => {
        const script = 'rm /etc/passwd /etc/group';
        await bench.sh(script);
        assert.equal(await bench.sh('echo $(id -u) $(id -g) $HOME', { process: { user: '5:6' } }), '5 6 /');
        await bench.fails('ERR_NS_NOT_FOUND', { process: { user: 'app' } });
      },
    },
  ],
};
