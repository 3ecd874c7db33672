import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { RootSpec } from '../../contract.js';
import type { Bench } from '../bench.js';
import type { Group } from '../case.js';

function layers(bench: Bench): { readonly root: RootSpec; readonly upper: string } {
  const directory = (name: string): string => {
    const path = join(bench.scratch, name);
    mkdirSync(path);
    return path;
  };
  const upper = directory('upper');
  const top = directory('top');
  writeFileSync(join(top, 'layer'), 'top\n');
  writeFileSync(join(bench.rootfs, 'layer'), 'bottom\n');
  return { upper, root: { kind: 'overlay', lower: [top, bench.rootfs], upper, work: directory('work') } };
}

/** Layers under an overlay. */
export const overlay: Group = {
  name: 'an overlay root',
  needs: ['overlay root'],
  cases: [
    {
      name: 'shows its layers, the first on top',
      machine: ['overlay'],
      run: async (bench) => assert.equal(await bench.sh('cat /layer', { root: layers(bench).root }), 'top'),
    },
    {
      name: 'writes to the upper layer, and leaves the lower ones alone',
      machine: ['overlay'],
      run: async (bench) => {
        const { root, upper } = layers(bench);
        await bench.sh('echo new > /file; echo changed > /layer; rm /etc/group', { root });
        assert.equal(readFileSync(join(upper, 'file'), 'utf8'), 'new\n');
        assert.equal(readFileSync(join(bench.scratch, 'top/layer'), 'utf8'), 'top\n');
        assert.equal(readFileSync(join(bench.rootfs, 'layer'), 'utf8'), 'bottom\n');
        assert.ok(!existsSync(join(bench.rootfs, 'file')));
        assert.ok(existsSync(join(bench.rootfs, 'etc/group')));
        assert.equal(await bench.sh('cat /file /layer; ls /etc', { root }), 'new\nchanged\npasswd');
      },
    },
    {
      name: 'without an upper layer is read-only',
      machine: ['overlay'],
      run: async (bench) => {
        const { root } = layers(bench);
        // Nobody can make mount points in a root that is read-only.
        for (const name of ['proc', 'dev', 'sys']) mkdirSync(join(bench.rootfs, name), { recursive: true });
        assert.ok(root.kind === 'overlay');
        const readonly = { kind: 'overlay', lower: root.lower } as const;
        assert.equal(
          await bench.sh('cat /layer; echo x > /file || echo refused', { root: readonly }),
          'top\nrefused',
        );
        const single = { kind: 'overlay', lower: [bench.rootfs] } as const;
        assert.equal(
          await bench.sh('cat /layer; echo x > /file || echo refused', { root: single }),
          'bottom\nrefused',
        );
      },
    },
    {
      name: 'without lower layers is refused',
      run: async (bench) => {
        await bench.fails('ERR_NS_INVALID_ARGUMENT', { root: { kind: 'overlay', lower: [] } });
      },
    },
    {
      name: 'with an upper and no work directory is refused',
      run: async (bench) => {
        const root = { kind: 'overlay', lower: [bench.rootfs], upper: bench.scratch } as const;
        await bench.fails('ERR_NS_INVALID_ARGUMENT', { root });
      },
    },
    {
      name: 'with a layer that does not exist is refused: ERR_NS_NOT_FOUND',
      machine: ['overlay'],
      run: async (bench) => {
        const none = join(bench.scratch, 'none');
        const error = await bench.fails('ERR_NS_NOT_FOUND', {
          root: { kind: 'overlay', lower: [bench.rootfs, none] },
        });
        assert.ok(error.message.includes(none), error.message);
      },
    },
  ],
};
