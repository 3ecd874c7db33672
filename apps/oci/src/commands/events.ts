import { isErrno } from '@ns/errors';
import { pidfdOpen, watch } from '@ns/syscall';
import type { Cgroup } from '@ns/cgroups';

import { defineCommand, type Command } from '../command-line/command.js';
import { parseDuration } from '../command-line/duration.js';
import { usage } from '../command-line/parse.js';
import { exactJson } from '../report/exact-json.js';
import { runningCgroup } from '../report/running.js';
import { runcStats } from '../report/stats.js';

/** `ns-oci events`. */
export const command: Command = defineCommand({
  summary: 'Show what a container uses, again and again, and that memory ran out; a line of JSON for each.',
  usage: '<container-id>',
  flags: {
    interval: { kind: 'text', initial: '5s', help: 'time between statistics' },
    stats: { kind: 'switch', help: 'show the statistics once' },
  },
  args: [1, 1],
  async run({ global: { root }, flags, args: [id = ''], print }) {
    const intervalMs = parseDuration(flags.interval);
    if (intervalMs === undefined || intervalMs <= 0) {
      throw usage('events', `interval ${JSON.stringify(flags.interval)} is no duration: 5s, 1m30s`);
    }
    const { record, cgroup } = runningCgroup('events', root, id);
    const event = (type: string, data?: object): void =>
      print(`${exactJson({ type, id, ...(data && { data }) })}\n`);
    if (flags.stats) {
      event('stats', runcStats(cgroup));
      return 0;
    }
    await follow(cgroup, record.init_process_pid, intervalMs, event);
    return 0;
  },
});

/** Until the first process ends. */
async function follow(
  cgroup: Cgroup,
  pid: number,
  intervalMs: number,
  event: (type: string, data?: object) => void,
): Promise<void> {
  using pidfd = openPidfd(pid);
  if (pidfd === undefined) return;
  using _watcher = cgroup.watch({ oom: () => event('oom') });
  const timer = setInterval(() => event('stats', runcStats(cgroup)), Math.min(intervalMs, 2 ** 31 - 1));
  try {
    await new Promise<void>((resolve) => {
      const end = watch(pidfd.fd, { readable: true }, () => {
        end.close();
        resolve();
      });
    });
  } finally {
    clearInterval(timer);
  }
}

function openPidfd(pid: number): ReturnType<typeof pidfdOpen> | undefined {
  try {
    return pidfdOpen(pid);
  } catch (error) {
    // It has ended meanwhile.
    if (isErrno(error, 'ESRCH')) return undefined;
    throw error;
  }
}
