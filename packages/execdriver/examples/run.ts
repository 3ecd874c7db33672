// needs: root
/** Runs a shell in a container whose root is this machine's, under an overlay that is thrown away. */
import { mkdtempSync, rmSync } from 'node:fs';

import { nativeDriver } from '@ns/execdriver';

const stateRoot = mkdtempSync('/tmp/example-');
const driver = nativeDriver({ stateRoot });

const container = await driver.create({
  id: 'hello',
  hostname: 'hello',
  root: { kind: 'overlay', lower: ['/'], tmpfsUpper: true },
  process: {
    args: ['sh', '-c', 'echo "process $$ on $(cat /proc/sys/kernel/hostname)"; touch /etc/made-here; exit 3'],
    env: ['PATH=/usr/bin:/bin'],
  },
});
await container.start();
container.streams?.stdout?.pipe(process.stdout);
const { code } = await container.wait();
console.log(`it ended with ${code}`);

await container.destroy();
rmSync(stateRoot, { recursive: true });
