// needs: root, libvirt-lxc
/** Runs a shell in a container of libvirt, whose root is this machine's under an overlay that is thrown away. */
import { mkdtempSync, rmSync } from 'node:fs';

import { driver } from '@ns/driver-libvirt-lxc';

const { available, version, reason, hint } = await driver.probe();
if (!available) throw new Error(`${reason}: ${hint}`);
console.log(`with ${version?.split('.')[0] ?? 'a slow libvirt'}`);

const stateRoot = mkdtempSync('/tmp/example-');
const container = await driver.create({ stateRoot }).create({
  id: 'hello',
  hostname: 'hello',
  root: { kind: 'overlay', lower: ['/'], tmpfsUpper: true },
  resources: { memory: { limitBytes: 64 * 2 ** 20 }, pids: { limit: 10 } },
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
