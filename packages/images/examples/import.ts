// needs: root linux
/** Imports a root file system that tar(1) packed, looks at it, and gets what an overlay of it needs. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ImageStore } from '@ns/images';

const folder = mkdtempSync(join(tmpdir(), 'images-'));
try {
  execFileSync('tar', ['-cf', join(folder, 'root.tar'), '-C', '/etc', 'hostname', 'passwd']);
  await using store = await ImageStore.open(join(folder, 'store'));
  const image = await store.import(join(folder, 'root.tar'), {
    ref: 'example:1',
    changes: ['CMD ["sh"]', 'ENV LANG=C'],
  });
  console.log(image.tags, image.config.config?.Cmd, image.config.config?.Env);

  const { lower, upper } = await store.snapshot('web', 'example:1');
  console.log(`${lower.length} layer below, changes go to ${upper.slice(folder.length)}`);
  await store.removeSnapshot('web');
} finally {
  rmSync(folder, { recursive: true });
}
