import { createFlags } from '../command-line/container-flags.js';
import { defineCommand, type Command } from '../command-line/command.js';
import { createContainer } from '../runtime/create.js';

/** `ns-oci create`. */
export const command: Command = defineCommand({
  summary: 'Create a container: everything but its program, which start runs.',
  usage: '<container-id>',
  flags: createFlags,
  args: [1, 1],
  async run({ global, flags, args, warn }) {
    await createContainer({
      root: global.root,
      id: args[0]!,
      bundle: flags.bundle ?? '.',
      systemdCgroup: global.systemdCgroup,
      rootless: global.rootless,
      consoleSocket: flags['console-socket'],
      pidfdSocket: flags['pidfd-socket'],
      pidFile: flags['pid-file'],
      noPivot: flags['no-pivot'],
      noNewKeyring: flags['no-new-keyring'],
      preserveFds: flags['preserve-fds'],
      ownTerminal: false,
      warn,
    });
    return 0;
  },
});
