/** Makes an image of files in memory, saves it as `docker save` does, and loads the archive into another store. */
// needs: root
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ImageStore } from '@ns/images';

const folder = mkdtempSync(join(tmpdir(), 'images-example-'));
try {
  await using from = await ImageStore.open(join(folder, 'from'));
  const { id } = await from.addBuiltin({
    name: 'example/motd',
    files: new Map([['etc/motd', { mode: 0o644, bytes: Buffer.from('hello\n') }]]),
    config: { Cmd: ['/bin/cat', '/etc/motd'] },
  });
  console.log('made  ', id);

  await using to = await ImageStore.open(join(folder, 'to'));
  for await (const event of to.load(from.save(['example/motd']))) {
    if (event.kind === 'loaded') console.log('loaded', event.image.id, event.refs);
  }
  for (const { createdBy, sizeBytes } of to.history('example/motd')) console.log({ createdBy, sizeBytes });
} finally {
  rmSync(folder, { recursive: true });
}
