import { spawnSync } from 'node:child_process';

import { isErrno, NsError } from '@ns/errors';

import { defineCommand, type Command } from '../command-line/command.js';
import { usage } from '../command-line/parse.js';
import { readState, statusOf } from '../runtime/state.js';
import { openOwnCgroup } from '../runtime/own-cgroup.js';

/** `ns-oci ps`. */
export const command: Command = defineCommand({
  summary: 'Show the processes of a container, by the ps of the host: its options may follow the id.',
  usage: '<container-id> [ps options]',
  flags: { format: { kind: 'text', short: 'f', initial: 'table', help: 'table or json' } },
  args: [1, Infinity],
  run({ global: { root }, flags, args: [id = '', ...options], print }) {
    if (flags.format !== 'table' && flags.format !== 'json') {
      throw usage('ps', `format ${JSON.stringify(flags.format)} is neither table nor json`);
    }
    const record = readState(root, id);
    const cgroup = openOwnCgroup(record.cgroup_path);
    const own = statusOf(root, record) === 'stopped' ? [] : [record.init_process_pid];
    const pids = (cgroup?.processes() ?? own).toSorted((left, right) => left - right);
    print(flags.format === 'json' ? `${JSON.stringify(pids)}\n` : psTable(pids, options));
    return Promise.resolve(0);
  },
});

/** The lines of `ps` whose process is one of these. */
function psTable(pids: readonly number[], options: readonly string[]): string {
  const args = options.length === 0 ? ['-ef'] : options;
  const { stdout, stderr, status, error } = spawnSync('ps', args, {
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  });
  if (error !== undefined) {
    const hint = isErrno(error, 'ENOENT')
      ? 'install it (Debian: procps), or ask with --format json'
      : undefined;
    throw new NsError('ERR_NS_UNSUPPORTED', {
      operation: 'ps',
      message: 'ps cannot be run',
      hint,
      cause: error,
    });
  }
  if (status !== 0) {
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: 'ps',
      message: `ps ${args.join(' ')}: ${stderr.trim()}`,
    });
  }
  const [head = '', ...lines] = stdout.split('\n');
  const column = head.trim().split(/\s+/).indexOf('PID');
  if (column === -1) {
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: 'ps',
      message: `there is no column PID in ps ${args.join(' ')}`,
      hint: 'add it: -o pid,args',
    });
  }
  const wanted = new Set(pids.map(String));
  const own = lines.filter((line) => wanted.has(line.trim().split(/\s+/)[column] ?? ''));
  return `${[head, ...own].join('\n')}\n`;
}
