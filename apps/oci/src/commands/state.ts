import { defineCommand, type Command } from '../command-line/command.js';
import { overviewOf } from '../report/overview.js';
import { readState } from '../runtime/state.js';

/** `ns-oci state`. */
export const command: Command = defineCommand({
  summary: 'Show the state of a container, as JSON.',
  usage: '<container-id>',
  flags: {},
  args: [1, 1],
  run({ global, args: [id = ''], print }) {
    const overview = overviewOf(global.root, readState(global.root, id));
    print(JSON.stringify({ ...overview, owner: '' }, null, 2));
    return Promise.resolve(0);
  },
});
