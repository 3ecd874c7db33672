/** Works on a store without end, until it is killed. Run by crash.test.ts with the directory of the store. */
import { buffer } from 'node:stream/consumers';

import { gzipSync } from 'node:zlib';

import { archive } from './archives.ts';
import { ImageStore } from '../src/index.ts';

const [, , path = ''] = process.argv;
const store = await ImageStore.open(path);
process.stdout.write('open\n');

const contentOf = (number: number): Buffer =>
  archive(
    { name: './', type: '5', mode: 0o755 },
    ...Array.from({ length: 40 }, (_, at) => ({ name: `d/file${at}`, data: `${number} `.repeat(2000) })),
  );

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

for (let round = 0; ; round++) {
  const number = round % 4;
  const bytes = contentOf(number);
  const packed = round % 2 === 0 ? bytes : gzipSync(bytes, { level: 1 });
  const image = await store.import(once(packed), { ref: `app:${number}` });
  const id = `c${process.pid}-${round}`;
  await store.snapshot(id, image.id);
  const saved = await buffer(store.save([`app:${number}`]));
  await store.removeSnapshot(id);
  await store.remove(image.id, { force: true });
  for await (const _ of store.load(once(saved)));
}
