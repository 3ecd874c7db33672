import { defineCommand, type Command } from '../command-line/command.js';
import { usage } from '../command-line/parse.js';
import { messageOf } from '../log.js';
import { overviewOf, type Overview } from '../report/overview.js';
import { table } from '../report/table.js';
import { listIds, readState } from '../runtime/state.js';

/** `ns-oci list`. */
export const command: Command = defineCommand({
  summary: 'List the containers of this root.',
  usage: '',
  flags: {
    format: { kind: 'text', short: 'f', initial: 'table', help: 'table or json' },
    quiet: { kind: 'switch', short: 'q', help: 'ids only' },
  },
  args: [0, 0],
  run({ global: { root }, flags, print, warn }) {
    if (flags.quiet) {
      for (const id of listIds(root)) print(`${id}\n`);
      return Promise.resolve(0);
    }
    if (flags.format !== 'table' && flags.format !== 'json') {
      throw usage('list', `format ${JSON.stringify(flags.format)} is neither table nor json`);
    }
    const containers = overviews(root, warn);
    if (flags.format === 'json') {
      // What Go makes of an empty list.
      print(containers.length === 0 ? 'null\n' : `${JSON.stringify(containers)}\n`);
      return Promise.resolve(0);
    }
    const rows = containers.map(({ id, pid, status, bundle, created, owner }) => [
      id,
      String(pid),
      status,
      bundle,
      created,
      owner,
    ]);
    print(table([['ID', 'PID', 'STATUS', 'BUNDLE', 'CREATED', 'OWNER'], ...rows]));
    return Promise.resolve(0);
  },
});

/** One that cannot be read does not hide the others; one that is being removed is none. */
function overviews(root: string, warn: (message: string) => void): Overview[] {
  return listIds(root).flatMap((id) => {
    try {
      return [overviewOf(root, readState(root, id))];
    } catch (error) {
      if (listIds(root).includes(id)) warn(messageOf(error));
      return [];
    }
  });
}
