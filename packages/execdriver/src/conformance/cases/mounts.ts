import assert from 'node:assert/strict';
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { createMount, moveMount, unmount } from '@ns/syscall';

import type { MountSpec } from '../../contract.js';
import type { Bench } from '../bench.js';
import type { Case, Group } from '../case.js';
import { mountsInside } from './view.js';

const bind = (bench: Bench, more: Partial<Extract<MountSpec, { type: 'bind' }>> = {}): MountSpec => ({
  type: 'bind',
  source: bench.scratch,
  target: '/mnt/point',
  ...more,
});

/** Has a tmpfs below a directory of the host for as long as a case runs. */
async function withSubmount(bench: Bench, run: () => Promise<void>): Promise<void> {
  const point = join(bench.scratch, 'below');
  mkdirSync(point);
  using tmpfs = createMount('tmpfs', {});
  moveMount(tmpfs.fd, { path: point });
  try {
    await run();
  } finally {
    unmount(point, { detach: true });
  }
}

const TRY_TO_WRITE =
  'for each in /mnt/point/file /mnt/point/below/file; do echo x > $each && echo written || echo refused; done';

const BAD: readonly (readonly [what: string, mount: MountSpec])[] = [
  ['over the root', { type: 'tmpfs', target: '/' }],
  ['over the root by another name', { type: 'tmpfs', target: '/mnt/..' }],
  ['on a relative path', { type: 'tmpfs', target: 'mnt' }],
  ['of a relative source', { type: 'bind', source: 'etc', target: '/mnt' }],
  ['in /proc', { type: 'tmpfs', target: '/proc/sys' }],
  ['of a negative size', { type: 'tmpfs', target: '/mnt', sizeBytes: -1 }],
];

const refused = BAD.map(([what, mount]): Case => ({
  name: `${what} is refused`,
  needs: [`${mount.type} mount`, 'mnt namespace'],
  run: async (bench) => {
    await bench.fails('ERR_NS_INVALID_ARGUMENT', { mounts: [mount] });
  },
}));

const binds: readonly Case[] = [
  {
    name: 'shows a directory of the host, to read and to write',
    needs: ['bind mount'],
    run: async (bench) => {
      writeFileSync(join(bench.scratch, 'in'), 'from outside\n');
      const script = 'cat /mnt/point/in; echo from inside > /mnt/point/out';
      assert.equal(await bench.sh(script, { mounts: [bind(bench)] }), 'from outside');
      assert.equal(readFileSync(join(bench.scratch, 'out'), 'utf8'), 'from inside\n');
    },
  },
  {
    name: 'shows a file of the host, on a file that is made',
    needs: ['bind mount'],
    run: async (bench) => {
      const source = join(bench.scratch, 'file');
      writeFileSync(source, 'from outside\n');
      const mounts = [bind(bench, { source, target: '/srv/new/file' })];
      assert.equal(
        await bench.sh('cat /srv/new/file; echo more >> /srv/new/file', { mounts }),
        'from outside',
      );
      assert.equal(readFileSync(source, 'utf8'), 'from outside\nmore\n');
    },
  },
  {
    name: 'of a directory can be read-only, and cannot be made writable inside',
    needs: ['bind mount', 'mnt namespace'],
    run: async (bench) => {
      const script =
        'echo x > /mnt/point/file || echo refused; mount -o remount,bind,rw /mnt/point || echo refused';
      assert.equal(await bench.sh(script, { mounts: [bind(bench, { readonly: true })] }), 'refused\nrefused');
    },
  },
  {
    name: 'can be read-only with what is mounted below',
    needs: ['bind mount', 'mnt namespace'],
    machine: ['mounting on the host'],
    run: (bench) =>
      withSubmount(bench, async () => {
        assert.equal(await bench.sh(TRY_TO_WRITE, { mounts: [bind(bench)] }), 'written\nwritten');
        assert.equal(
          await bench.sh(TRY_TO_WRITE, { mounts: [bind(bench, { readonly: true })] }),
          'refused\nrefused',
        );
        assert.equal(
          await bench.sh(TRY_TO_WRITE, { mounts: [bind(bench, { readonly: 'non-recursive' })] }),
          'refused\nwritten',
        );
      }),
  },
  {
    name: 'can leave out what is mounted below',
    needs: ['bind mount', 'mnt namespace'],
    machine: ['mounting on the host'],
    run: (bench) =>
      withSubmount(bench, async () => {
        writeFileSync(join(bench.scratch, 'below/file'), '');
        assert.equal(await bench.sh('ls /mnt/point/below', { mounts: [bind(bench)] }), 'file');
        assert.equal(
          await bench.sh('ls /mnt/point/below', { mounts: [bind(bench, { recursive: false })] }),
          '',
        );
      }),
  },
  {
    name: 'of a source that does not exist is refused: ERR_NS_NOT_FOUND',
    needs: ['bind mount'],
    run: async (bench) => {
      const source = join(bench.scratch, 'none');
      const error = await bench.fails('ERR_NS_NOT_FOUND', { mounts: [bind(bench, { source })] });
      assert.ok(error.message.includes(source), error.message);
    },
  },
  {
    name: 'can give files to other users',
    needs: ['idMappedMounts', 'bind mount'],
    machine: ['user namespaces', 'id-mapped files'],
    run: async (bench) => {
      const file = join(bench.scratch, 'file');
      writeFileSync(file, '');
      chownSync(file, 0, 0);
      const map = [{ inside: 0, outside: 1000, length: 1 }];
      const mounts = [bind(bench, { idMap: { uids: map, gids: map } })];
      assert.equal(await bench.sh('stat -c %u:%g /mnt/point/file', { mounts }), '1000:1000');
    },
  },
];

const temporary: readonly Case[] = [
  {
    name: 'of a tmpfs is empty, Docker’s way',
    needs: ['tmpfs mount', 'mnt namespace'],
    run: async (bench) => {
      const change = { mounts: [{ type: 'tmpfs', target: '/etc' }] } as const;
      assert.equal(await bench.sh('ls -A /etc; stat -c %a /etc', change), '1777');
      const found = (await mountsInside(bench, change)).get('/etc');
      assert.equal(found?.type, 'tmpfs');
      for (const option of ['rw', 'nosuid', 'nodev', 'noexec'])
        assert.ok(found.options.includes(option), option);
    },
  },
  {
    name: 'of a tmpfs has a size, a mode, an owner and flags',
    needs: ['tmpfs mount', 'mnt namespace'],
    run: async (bench) => {
      const mount = {
        type: 'tmpfs',
        target: '/run/t',
        sizeBytes: 1024 * 1024,
        mode: 0o750,
        uid: 5,
        gid: 6,
      } as const;
      const flags = { exec: true, suid: true, dev: true, readonly: true } as const;
      assert.equal(await bench.sh('stat -c "%a %u %g" /run/t', { mounts: [mount] }), '750 5 6');
      const plain = (await mountsInside(bench, { mounts: [mount] })).get('/run/t');
      assert.ok(plain?.options.includes('size=1024k'), plain?.options.join());
      const open = (await mountsInside(bench, { mounts: [{ ...mount, ...flags }] })).get('/run/t');
      assert.deepEqual(
        ['nosuid', 'nodev', 'noexec', 'ro'].filter((option) => open?.options.includes(option)),
        ['ro'],
      );
    },
  },
];

/** What the user mounts, and the root. */
export const mounts: Group = {
  name: 'a mount',
  cases: [
    ...binds,
    ...temporary,
    ...refused,
    {
      name: 'comes after the one before it',
      needs: ['tmpfs mount', 'bind mount'],
      run: async (bench) => {
        writeFileSync(join(bench.scratch, 'file'), 'here\n');
        const list: MountSpec[] = [{ type: 'tmpfs', target: '/mnt' }, bind(bench)];
        assert.equal(await bench.sh('ls /mnt; cat /mnt/point/file', { mounts: list }), 'point\nhere');
      },
    },
    {
      name: 'keeps its mode on a root that is read-only',
      needs: ['readonlyRoot', 'tmpfs mount', 'mnt namespace'],
      run: async (bench) => {
        const script =
          'for d in / /etc /mnt /dev/shm; do echo x > $d/file && echo written || echo refused; done';
        const change = { readonlyRoot: true, mounts: [{ type: 'tmpfs', target: '/mnt' }] } as const;
        assert.equal(await bench.sh(script, change), 'refused\nrefused\nwritten\nwritten');
      },
    },
    {
      name: 'is not needed to write to a root that is a directory',
      run: async (bench) => {
        await bench.sh('echo x > /file');
        assert.equal(readFileSync(join(bench.rootfs, 'file'), 'utf8'), 'x\n');
      },
    },
  ],
};
