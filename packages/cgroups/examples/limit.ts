// needs: root linux
/** Runs a program that eats memory in a cgroup of 32 MiB, is told when it is killed for it, and cleans up. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { createCgroup } from '@ns/cgroups';

const MIB = 2 ** 20;
const group = createCgroup({
  parent: '/',
  name: `ns-example-${process.pid}`,
  resources: {
    memory: { limitBytes: 32 * MIB, memorySwapBytes: 32 * MIB },
    cpu: { nanoCpus: 0.5e9 },
    pids: { limit: 10 },
  },
});
try {
  group.watch({ oom: (kills) => console.log(`out of memory, ${kills} killed`) });
  // It waits for its standard input until it is in the group.
  const eater = spawn('sh', ['-c', 'read go; exec tail /dev/zero'], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  await once(eater, 'spawn');
  group.add(eater.pid!);
  eater.stdin.end('\n');
  const [, signal] = await once(eater, 'exit');

  const { memory, pids } = group.stats();
  console.log(`ended by ${signal}; memory limit ${Number(memory?.limitBytes) / MIB} MiB`);
  console.log(`processes ${pids?.current} of ${pids?.limit}, killed for memory ${memory?.oomKills}`);
  await new Promise((resolve) => setTimeout(resolve, 20));
} finally {
  await group.kill();
  await group.remove();
}
