// needs: root, x64, qemu-system
/** Runs a program in a virtual machine, whose files are this machine's under an overlay that is thrown away. */
import { mkdtempSync, rmSync } from 'node:fs';

import { driver } from '@ns/driver-qemu';

const { available, version, reason, hint } = await driver.probe();
if (!available) {
  console.log(`${reason}: ${hint}`);
  process.exit();
}
console.log(`with QEMU ${version}`);

const stateRoot = mkdtempSync('/tmp/example-');
const container = await driver.create({ stateRoot, settings: { memory: '512' } }).create({
  id: 'hello',
  hostname: 'hello',
  root: { kind: 'overlay', lower: ['/'], tmpfsUpper: true },
  process: { args: ['sh', '-c', 'uname -nr; echo process $$; exit 3'], env: ['PATH=/usr/bin:/bin'] },
});
await container.start();
container.streams?.stdout?.pipe(process.stdout);
const { code } = await container.wait();
console.log(`it ended with ${code}`);

await container.destroy();
rmSync(stateRoot, { recursive: true });
