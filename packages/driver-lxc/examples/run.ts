// needs: root linux lxc
/** Runs a shell in a container of LXC, with a setting in LXC's own words, and asks LXC about it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';

import { driver } from '@ns/driver-lxc';

const { available, version, reason, hint } = await driver.probe();
if (!available) throw new Error(`${reason}: ${hint}`);
console.log(`with ${version?.split('.')[0]}`);

const stateRoot = mkdtempSync('/tmp/example-');
const container = await driver.create({ stateRoot }).create({
  id: 'hello',
  root: { kind: 'overlay', lower: ['/'], tmpfsUpper: true },
  resources: { pids: { limit: 10 } },
  driverConfig: [['lxc.uts.name', 'named-by-lxc']],
  process: {
    args: ['sh', '-c', 'echo "process $$ on $(cat /proc/sys/kernel/hostname)"; read line; exit 3'],
    env: ['PATH=/usr/bin:/bin'],
  },
});
await container.start();
container.streams?.stdout?.pipe(process.stdout);

const active = execFileSync('lxc-ls', ['--active', '-1'], { encoding: 'utf8' });
console.log(active.includes('-hello') ? 'LXC knows it' : 'LXC does not know it');

container.streams?.stdin?.end('go on\n');
const { code } = await container.wait();
console.log(`it ended with ${code}`);

await container.destroy();
rmSync(stateRoot, { recursive: true });
