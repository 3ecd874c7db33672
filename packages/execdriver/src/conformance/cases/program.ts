import assert from 'node:assert/strict';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { ENV, type Bench } from '../bench.js';
import type { Group } from '../case.js';
import { writeAnew } from '../root-copy.js';

const lines = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .toSorted();

/** Put an executable into the case's root. */
export function addProgram(bench: Bench, path: string, text: string, mode = 0o755): void {
  mkdirSync(join(bench.rootfs, path, '..'), { recursive: true });
  writeAnew(join(bench.rootfs, path), text, mode);
}

/** Prints the descriptors that the shell has: of those that it finds, the one by which it looked is gone. */
export const LIST_DESCRIPTORS = 'cd /proc/self/fd; for fd in *; do [ -e $fd ] && echo $fd; done; true';

/** Arguments, environment, working directory. */
export const program: Group = {
  name: 'program',
  cases: [
    {
      name: 'gets its arguments as they are',
      run: async (bench) => {
        const args = ['a b', '', 'ü☃', 'new\nline', '"\'$HOME\\', '-n'];
        const script = 'for each; do printf "%s|" "$each"; done';
        const { stdout } = await bench.run(['/bin/sh', '-c', script, 'sh', ...args]);
        assert.equal(stdout, args.map((each) => `${each}|`).join(''));
      },
    },
    {
      name: 'gets long arguments',
      run: async (bench) => {
        const long = 'x'.repeat(120_000);
        const { stdout } = await bench.run(['/bin/sh', '-c', 'echo ${#1} ${#2}', 'sh', long, long]);
        assert.equal(stdout, '120000 120000\n');
      },
    },
    {
      name: 'gets its environment, HOME, and nothing else',
      run: async (bench) => {
        const env = [...ENV, 'A=1 2', 'EMPTY=', 'UTF=ü', 'EQUAL=a=b'];
        const { stdout } = await bench.run(['env'], { process: { env } });
        assert.deepEqual(lines(stdout), [...env, 'HOME=/root'].toSorted());
      },
    },
    {
      name: 'keeps the HOME that it is given',
      run: async (bench) => {
        const env = [...ENV, 'HOME=/somewhere'];
        const { stdout } = await bench.run(['env'], { process: { env } });
        assert.deepEqual(lines(stdout), env.toSorted());
      },
    },
    {
      name: 'is looked for in the PATH of its environment, in the container',
      run: async (bench) => {
        addProgram(bench, '/opt/second/tool', '#!/bin/sh\necho second\n');
        mkdirSync(join(bench.rootfs, 'opt/first/tool'), { recursive: true });
        const { stdout } = await bench.run(['tool'], {
          process: { env: ['PATH=/opt/none:/opt/first:/opt/second:/bin'] },
        });
        assert.equal(stdout, 'second\n', 'a directory of that name is passed over');
      },
    },
    {
      name: 'starts in the root, or where it is told to',
      run: async (bench) => {
        assert.equal((await bench.run(['pwd'])).stdout, '/\n');
        addProgram(bench, '/opt/tool', '#!/bin/sh\npwd\n');
        const { stdout } = await bench.run(['./tool'], { process: { cwd: '/opt' } });
        assert.equal(stdout, '/opt\n');
      },
    },
    {
      name: 'starts in a directory that is made when it is missing',
      run: async (bench) => {
        const { stdout } = await bench.run(['pwd'], { process: { cwd: '/srv/a b/c' } });
        assert.equal(stdout, '/srv/a b/c\n');
        const made = statSync(join(bench.rootfs, 'srv/a b/c'));
        assert.equal(made.mode & 0o7777, 0o755);
      },
    },
    {
      name: 'has the umask 022, or the one that it is given',
      run: async (bench) => {
        assert.equal(await bench.sh('umask'), '0022');
        const change = { process: { umask: 0o077 } };
        if (bench.driver.info.abilities.umask === false) await bench.fails('ERR_NS_UNSUPPORTED', change);
        else assert.equal(await bench.sh('umask', change), '0077');
      },
    },
    {
      name: 'has no signal blocked or ignored',
      needs: ['mnt namespace'],
      run: async (bench) => {
        const { stdout } = await bench.run(['grep', '-E', '^Sig(Blk|Ign|Cgt):', '/proc/self/status']);
        assert.deepEqual(
          stdout
            .trim()
            .split('\n')
            .map((line) => line.split(/\s+/)[1]),
          ['0000000000000000', '0000000000000000', '0000000000000000'],
        );
      },
    },
    {
      name: 'has its standard streams and no other descriptor',
      needs: ['mnt namespace'],
      run: async (bench) => {
        assert.equal(await bench.sh(LIST_DESCRIPTORS), '0\n1\n2');
      },
    },
    {
      name: 'leads a session',
      needs: ['mnt namespace'],
      run: async (bench) => {
        const [pid, group, session] = (await bench.sh('echo $$; cut -d" " -f5,6 /proc/$$/stat')).split(/\s/);
        assert.deepEqual([group, session], [pid, pid]);
      },
    },
  ],
};
