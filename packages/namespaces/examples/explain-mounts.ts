/** Prints what two mounts of a user would do, step by step. Nothing is done: no root, no Linux. */
import { planMounts, userMounts } from '@ns/namespaces';
import { explain } from '@ns/syscall';

const mounts = planMounts(
  [
    { type: 'bind', source: '/srv/data', target: '/data', readonly: true },
    { type: 'tmpfs', target: '/run', sizeBytes: 16 * 1024 * 1024, mode: 0o755 },
  ],
  () => 'directory',
);
const { host, init } = userMounts({ mounts, rootFd: 4 });
console.log(explain({ title: 'Mounts', statusFd: 3, failureStatus: 1, steps: [...host, ...init] }));

try {
  planMounts([{ type: 'tmpfs', target: '/etc/../..' }]);
} catch (error) {
  console.log(String(error));
}
