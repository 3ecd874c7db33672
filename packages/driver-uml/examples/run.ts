// needs: root, x64, uml
/** Runs a program under a kernel of its own, with files that are this machine's under an overlay that is thrown away. */
import { mkdtempSync, rmSync } from 'node:fs';

import { driver } from '@ns/driver-uml';

const { available, version, reason, hint } = await driver.probe();
if (!available) throw new Error(`${reason}: ${hint}`);
console.log(`with User Mode Linux ${version}`);

const stateRoot = mkdtempSync('/tmp/example-');
const container = await driver.create({ stateRoot, settings: { memory: '256' } }).create({
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
