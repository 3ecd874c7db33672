// needs: root
/** Runs a shell with a root directory of its own: this machine's, under an overlay that is thrown away. */
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';

import { driver } from '@ns/driver-chroot';

const stateRoot = mkdtempSync('/tmp/example-');
const chroot = driver.create({ stateRoot });

const script = `touch /etc/made-here; ls /etc/made-here
  [ "$(cat /proc/sys/kernel/hostname)" = "$HOST" ] && echo "the host's name"
  [ $$ != 1 ] && echo "one of the host's processes"`;
// All that this driver does without is said: it does not leave it out by itself.
const host = { mnt: 'host', pid: 'host', uts: 'host', ipc: 'host', net: 'host', cgroup: 'host' } as const;
const container = await chroot.create({
  id: 'hello',
  namespaces: host,
  root: { kind: 'overlay', lower: ['/'], tmpfsUpper: true },
  process: {
    args: ['sh', '-c', script],
    env: ['PATH=/usr/bin:/bin', `HOST=${hostname()}`],
  },
});
await container.start();
container.streams?.stdout?.pipe(process.stdout);
const { code } = await container.wait();
console.log(`it ended with ${code}`);

await container.destroy();
rmSync(stateRoot, { recursive: true });
