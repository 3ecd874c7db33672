import { NsError } from '@ns/errors';
import { SIG, signalNumber } from '@ns/syscall';

import { killFlags } from '../command-line/container-flags.js';
import { defineCommand, type Command } from '../command-line/command.js';
import { signalContainer } from '../runtime/destroy.js';

/** `ns-oci kill`. */
export const command: Command = defineCommand({
  summary: "Send a signal to the container's first process (default: SIGTERM).",
  usage: '<container-id> [signal]',
  flags: killFlags,
  args: [1, 2],
  async run({ global, flags, args: [id, signal] }) {
    await signalContainer(global.root, id!, signal === undefined ? SIG.SIGTERM : parse(signal), flags.all);
    return 0;
  },
});

function parse(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : signalNumber(text.toUpperCase());
  if (number !== undefined && number >= 0 && number <= 64) return number;
  throw new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'kill',
    message: `unknown signal ${JSON.stringify(text)}`,
    hint: 'give a name or a number of signal(7): TERM, SIGKILL, 9',
  });
}
