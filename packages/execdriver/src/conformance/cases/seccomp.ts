import assert from 'node:assert/strict';

import type { DockerProfile } from '../../contract.js';
import { ENV, type Bench, type Change } from '../bench.js';
import type { Group } from '../case.js';

const STATUS = ['grep', '^Seccomp:', '/proc/self/status'];

async function status(bench: Bench, change: Change = {}): Promise<string> {
  return (await bench.run(STATUS, change)).stdout.trim();
}

/** Everything but making directories. EDQUOT (122) is nothing that a file system here would say. */
const NO_MKDIR: DockerProfile = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 122 }],
};

/** Which system calls a program may make. */
export const seccomp: Group = {
  name: 'seccomp',
  needs: ['seccomp', 'mnt namespace'],
  cases: [
    {
      name: 'has a filter by default',
      run: async (bench) => assert.equal(await status(bench), 'Seccomp:\t2'),
    },
    {
      name: 'has one of its own with each user, with and without no_new_privs',
      needs: ['user', 'capabilities'],
      run: async (bench) => {
        for (const user of ['root', 'app']) {
          for (const noNewPrivileges of [true, false]) {
            assert.equal(await status(bench, { process: { user, noNewPrivileges } }), 'Seccomp:\t2');
          }
        }
      },
    },
    {
      name: 'leaves no_new_privs as it was',
      run: async (bench) => {
        const { stdout } = await bench.run(['grep', '^NoNewPrivs', '/proc/self/status']);
        assert.equal(stdout.trim(), 'NoNewPrivs:\t0');
      },
    },
    {
      name: 'keeps a program from namespaces of its own',
      run: async (bench) => {
        const { exit, stderr } = await bench.run(['unshare', '-U', 'true']);
        assert.notEqual(exit.code, 0);
        assert.match(stderr, /not permitted/);
      },
    },
    {
      name: 'can be left out',
      run: async (bench) =>
        assert.equal(await status(bench, { process: { seccomp: 'unconfined' } }), 'Seccomp:\t0'),
    },
    {
      name: 'is that of the profile',
      run: async (bench) => {
        const { exit, stderr } = await bench.run(['mkdir', '/made'], { process: { seccomp: NO_MKDIR } });
        assert.equal(exit.code, 1);
        assert.match(stderr, /quota/i);
        assert.equal((await bench.run(['mkdir', '/made'])).exit.code, 0);
      },
    },
    {
      name: 'is that of the program that is executed in the container',
      needs: ['exec'],
      run: async (bench) => {
        const container = await bench.start({ process: { args: ['sleep', '100'] } });
        const plain = { env: ENV };
        const made = await container.exec({ ...plain, args: ['mkdir', '/made'], seccomp: NO_MKDIR });
        assert.equal((await made.wait()).code, 1);
        const asked = await container.exec({
          ...plain,
          args: ['sh', '-c', 'grep -q "^Seccomp:.2" /proc/self/status'],
        });
        assert.equal((await asked.wait()).code, 0);
      },
    },
    {
      name: 'lets the init start the program',
      needs: ['init'],
      run: async (bench) => assert.equal(await status(bench, { init: true }), 'Seccomp:\t2'),
    },
    {
      name: 'of a profile that is none is refused, with the place',
      run: async (bench) => {
        const syscalls = [{ names: ['mkdir'], action: 'SCMP_ACT_MAYBE' }];
        const error = await bench.fails('ERR_NS_INVALID_ARGUMENT', {
          process: { seccomp: { defaultAction: 'SCMP_ACT_ALLOW', syscalls } as unknown as DockerProfile },
        });
        assert.match(error.message, /syscalls\[0\]\.action/);
      },
    },
  ],
};
