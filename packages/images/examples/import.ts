/** Makes an image of a root file system, and the directories of an overlay for a container. */
// needs: root, busybox
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ImageStore } from '@ns/images';

const folder = mkdtempSync(join(tmpdir(), 'images-example-'));
try {
  const root = join(folder, 'rootfs');
  mkdirSync(join(root, 'bin'), { recursive: true });
  copyFileSync(execFileSync('sh', ['-c', 'command -v busybox']).toString().trim(), join(root, 'bin/busybox'));

  await using store = await ImageStore.open(join(folder, 'store'));
  const tar = spawn('tar', ['--create', '--numeric-owner', '-C', root, '.']);
  const image = await store.import(tar.stdout, {
    ref: 'busybox:example',
    changes: ['ENTRYPOINT ["/bin/busybox"]', 'ENV LANG=C.UTF-8', 'LABEL made.by="an example"'],
  });
  console.log(image.tags, image.config.config);

  const { lower, upper, work } = await store.snapshot('container-1', 'busybox:example');
  const short = (path: string): string => path.replace(folder, '…').replace(/[0-9a-f]{56}/, '…');
  console.log(`lowerdir=${lower.map(short).join(':')}\nupperdir=${short(upper)}\nworkdir=${short(work)}`);

  await store.removeSnapshot('container-1');
  const removed = await store.remove('busybox:example');
  console.log(removed.map((item) => Object.keys(item)[0]));
} finally {
  rmSync(folder, { recursive: true });
}
