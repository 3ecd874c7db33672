import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Bench, Change } from '../bench.js';
import type { Group } from '../case.js';

/** One line of `/proc/self/mountinfo`, as far as it matters. See proc(5). */
export interface Mount {
  readonly target: string;
  readonly type: string;
  /** Of the mount and of the file system. */
  readonly options: readonly string[];
}

/** The mounts that a container sees; of several on one target, the topmost. */
export async function mountsInside(bench: Bench, change: Change = {}): Promise<Map<string, Mount>> {
  const text = await bench.sh('cat /proc/self/mountinfo', change);
  const list = text.split('\n').map((line): Mount => {
    const [mount = '', filesystem = ''] = line.split(' - ');
    const [, , , , target = '', options = ''] = mount.split(' ');
    const [type = '', , superOptions = ''] = filesystem.split(' ');
    return { target, type, options: [...options.split(','), ...superOptions.split(',')] };
  });
  return new Map(list.map((mount) => [mount.target, mount]));
}

/** Docker's default mounts: type, and the options that there must be. */
const DEFAULTS: readonly (readonly [target: string, type: string, options: readonly string[]])[] = [
  ['/proc', 'proc', ['rw', 'nosuid', 'nodev', 'noexec']],
  ['/dev', 'tmpfs', ['rw', 'nosuid', 'mode=755', 'size=65536k']],
  ['/dev/pts', 'devpts', ['rw', 'nosuid', 'noexec', 'gid=5', 'mode=620', 'ptmxmode=666']],
  ['/dev/shm', 'tmpfs', ['rw', 'nosuid', 'nodev', 'noexec', 'size=65536k']],
  ['/dev/mqueue', 'mqueue', ['rw', 'nosuid', 'nodev', 'noexec']],
  ['/sys', 'sysfs', ['ro', 'nosuid', 'nodev', 'noexec']],
];

const NODES: Readonly<Record<string, string>> = {
  null: '1:3',
  zero: '1:5',
  full: '1:7',
  random: '1:8',
  urandom: '1:9',
  tty: '5:0',
};

const LINKS: Readonly<Record<string, string>> = {
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
  ptmx: 'pts/ptmx',
};

/** Prints the paths that are not as hidden as Docker hides them. */
const FIND_UNHIDDEN = `for path; do
  if [ -d "$path" ]; then [ -z "$(ls -A "$path")" ] || echo "$path"
  elif [ -e "$path" ]; then [ -c "$path" ] && [ "$(wc -c < "$path")" = 0 ] || echo "$path"
  fi
done`;

const MASKED = [
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];

const STEERING = [
  '/proc/sys/kernel/panic',
  '/proc/sys/net/core/somaxconn',
  '/proc/sysrq-trigger',
  '/proc/irq/default_smp_affinity',
  '/sys/kernel/mm/transparent_hugepage/enabled',
  '/sys/fs/cgroup/memory/memory.limit_in_bytes',
  '/sys/fs/cgroup/cgroup.procs',
];

/** What a container sees of the kernel. */
export const view: Group = {
  name: 'the default mounts',
  needs: ['mnt namespace', 'net namespace', 'pid namespace', 'ipc namespace'],
  cases: [
    {
      name: 'are Docker’s',
      run: async (bench) => {
        const mounts = await mountsInside(bench);
        for (const [target, type, options] of DEFAULTS) {
          const found = mounts.get(target);
          assert.equal(found?.type, type, target);
          assert.deepEqual(
            options.filter((option) => !found.options.includes(option)),
            [],
            `${target} has ${found.options.join()}`,
          );
        }
      },
    },
    {
      name: 'show the cgroups, read-only',
      machine: ['cgroups'],
      run: async (bench) => {
        const mounts = [...(await mountsInside(bench)).values()].filter(({ target }) =>
          target.startsWith('/sys/fs/cgroup'),
        );
        assert.ok(mounts.length > 0);
        assert.deepEqual(
          mounts.filter(({ options }) => !options.includes('ro')),
          [],
        );
      },
    },
    {
      name: 'are all that there is',
      run: async (bench) => {
        const mounts = [...(await mountsInside(bench)).keys()];
        assert.deepEqual(
          mounts.filter((target) => !/^\/($|proc|dev|sys)/.test(target)),
          [],
        );
      },
    },
    {
      name: 'have the devices of /dev, and no others',
      run: async (bench) => {
        const script =
          'cd /dev; for each in *; do [ -c $each ] && [ ! -L $each ] && stat -c "%n %t:%T %a" $each; done';
        const found = (await bench.sh(`${script}; true`)).split('\n').toSorted();
        const expected = Object.entries(NODES).map(([name, number]) => `${name} ${number} 666`);
        assert.deepEqual(found, expected.toSorted());
      },
    },
    {
      name: 'have the links of /dev',
      run: async (bench) => {
        const names = Object.keys(LINKS);
        const targets = await bench.sh(`cd /dev; for each in ${names.join(' ')}; do readlink $each; done`);
        assert.deepEqual(targets.split('\n'), Object.values(LINKS));
      },
    },
    {
      name: 'have devices that work',
      needs: ['user'],
      run: async (bench) => {
        const script = `echo x > /dev/null; head -c 4 /dev/zero | od -An -tx1; head -c 8 /dev/urandom | wc -c
          echo x > /dev/full || echo full; echo shared > /dev/shm/file; cat /dev/shm/file`;
        const { stdout } = await bench.run(['/bin/sh', '-c', script], { process: { user: 'app' } });
        assert.deepEqual(
          stdout
            .trim()
            .split('\n')
            .map((line) => line.trim()),
          ['00 00 00 00', '8', 'full', 'shared'],
        );
      },
    },
    {
      name: 'hide what tells of the machine',
      run: async (bench) => {
        const { stdout } = await bench.run(['/bin/sh', '-c', FIND_UNHIDDEN, 'sh', ...MASKED]);
        assert.equal(stdout, '');
      },
    },
    {
      name: 'let nobody write what steers the machine',
      run: async (bench) => {
        // Opened to append, nothing is written even where that is allowed.
        const script = 'for path; do [ -e $path ] && (: >> $path) 2> /dev/null && echo $path; done; true';
        const { stdout } = await bench.run(['/bin/sh', '-c', script, 'sh', ...STEERING]);
        assert.equal(stdout, '');
        const mounts = await mountsInside(bench);
        const writable = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/sys'].filter(
          (path) => mounts.has(path) && !mounts.get(path)!.options.includes('ro'),
        );
        assert.deepEqual(writable, []);
      },
    },
    {
      name: 'can have /dev/shm of another size',
      run: async (bench) => {
        const mounts = await mountsInside(bench, { shmSizeBytes: 8 * 1024 * 1024 });
        assert.ok(mounts.get('/dev/shm')?.options.includes('size=8192k'));
      },
    },
    {
      name: 'can be left out',
      run: async (bench) => {
        const { stdout } = await bench.run(['/bin/sh', '-c', 'ls -d /proc/* /dev/* /sys/*'], {
          defaultMounts: false,
        });
        assert.equal(stdout, '');
      },
    },
    {
      name: 'can hide other paths, which need not exist',
      run: async (bench) => {
        mkdirSync(join(bench.rootfs, 'srv/dir'), { recursive: true });
        writeFileSync(join(bench.rootfs, 'srv/dir/file'), '');
        const maskedPaths = ['/etc/passwd', '/etc/none/none', '/srv/dir'];
        const script =
          'echo "[$(cat /etc/passwd)] [$(ls -A /srv/dir)]"; echo x > /srv/dir/new || echo refused';
        assert.equal(await bench.sh(script, { maskedPaths }), '[] []\nrefused');
      },
    },
    {
      name: 'can make other paths read-only, which need not exist',
      run: async (bench) => {
        const script = 'echo x > /etc/file || echo refused; echo x > /file && echo taken';
        const text = await bench.sh(script, { readonlyPaths: ['/etc', '/none'] });
        assert.equal(text, 'refused\ntaken');
      },
    },
  ],
};
