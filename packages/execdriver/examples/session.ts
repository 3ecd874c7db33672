// needs: root
/** A container that stays: a second program in it, its processes, a signal, and how it ended. */
import { mkdtempSync, rmSync } from 'node:fs';

import { nativeDriver } from '@ns/execdriver';

const stateRoot = mkdtempSync('/tmp/example-');
const container = await nativeDriver({ stateRoot }).create({
  id: 'sleeper',
  root: { kind: 'overlay', lower: ['/'], tmpfsUpper: true },
  process: { args: ['sleep', '1000'], env: ['PATH=/usr/bin:/bin'], stdio: ['null', 'null', 'null'] },
});
await container.start();

const second = await container.exec({
  args: ['sh', '-c', 'cat; echo "and $(cat /proc/1/comm) is process 1"'],
  env: ['PATH=/usr/bin:/bin'],
});
second.streams.stdout?.pipe(process.stdout);
second.streams.stdin?.end('from outside\n');
await second.wait();
console.log(`${(await container.processes()).length} process`);

container.signal(9);
const { code, signal } = await container.wait();
console.log(`code ${code}, signal ${signal}`);
await container.destroy();
rmSync(stateRoot, { recursive: true });
