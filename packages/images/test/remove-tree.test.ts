import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { O, openat2 } from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import { removeTree, removeTreeNow } from '../src/at/remove-tree.js';
import { cBytes } from '../src/byte-string.js';
import { program, scratch } from './scratch.js';

describe('removeTree', needs('linux'), () => {
  const at = scratch('remove');
  const remove = async (name: string): Promise<void> => {
    using parent = openat2(at(), { flags: O.O_RDONLY });
    await removeTree(name, parent.fd, cBytes(name));
  };

  test('removes what there is, and nothing that links lead to', async () => {
    mkdirSync(at('kept'));
    writeFileSync(at('kept', 'file'), 'kept');
    mkdirSync(at('tree', 'a', 'b'), { recursive: true });
    writeFileSync(at('tree', 'a', 'file'), 'x');
    symlinkSync(at('kept'), at('tree', 'a', 'link'));
    symlinkSync(at('kept'), at('link'));
    await remove('tree');
    await remove('link');
    await remove('not there');
    expect(readdirSync(at())).toEqual(['kept']);
    expect(readFileSync(at('kept', 'file'), 'utf8')).toBe('kept');
  });

  test('does not mind depth, nor how many there are', async () => {
    // Deeper than paths can be long.
    mkdirSync(at('deep'));
    const loop = 'cd "$1"; i=0; while [ $i -lt 100 ]; do mkdir "$2"; cd -P "$2"; i=$((i+1)); done';
    execFileSync('sh', ['-ec', loop, 'sh', at('deep'), 'd'.repeat(200)]);
    mkdirSync(at('wide'));
    for (let index = 0; index < 3000; index++)
      writeFileSync(at('wide', `file with a name of some length ${index}`), '');
    await remove('deep');
    await remove('wide');
    expect([existsSync(at('deep')), existsSync(at('wide'))]).toEqual([false, false]);
  });

  test('does the same in one go', () => {
    mkdirSync(at('now', 'x', 'y'), { recursive: true });
    using parent = openat2(at(), { flags: O.O_RDONLY });
    removeTreeNow('now', parent.fd, cBytes('now'));
    expect(existsSync(at('now'))).toBe(false);
  });
});

describe('removeTree and mounts', needs('linux', 'root', program('mount')), () => {
  const at = scratch('remove-mounts');

  test('stops where something is mounted, and removes nothing of it', async () => {
    mkdirSync(at('tree', 'mnt'), { recursive: true });
    mkdirSync(at('host'));
    writeFileSync(join(at('host'), 'precious'), 'data');
    execFileSync('mount', ['--bind', at('host'), at('tree', 'mnt')]);
    try {
      using parent = openat2(at(), { flags: O.O_RDONLY });
      await expect(removeTree('tree', parent.fd, cBytes('tree'))).rejects.toMatchObject({
        message: 'remove tree: EXDEV (Invalid cross-device link)',
        hint: 'something is mounted there: unmount it first',
      });
      expect(readFileSync(at('host', 'precious'), 'utf8')).toBe('data');
    } finally {
      execFileSync('umount', [at('tree', 'mnt')]);
    }
  });
});
