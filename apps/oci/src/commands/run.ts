import { NsError } from '@ns/errors';
import { setChildSubreaper } from '@ns/syscall';

import { runFlags } from '../command-line/container-flags.js';
import { defineCommand, type Command } from '../command-line/command.js';
import { createContainer } from '../runtime/create.js';
import { deleteContainer } from '../runtime/destroy.js';
import { stayWith } from '../runtime/foreground.js';
import { startContainer } from '../runtime/start.js';

/** `ns-oci run`. */
export const command: Command = defineCommand({
  summary: 'Create and start a container, and stay with it until it ends.',
  usage: '<container-id>',
  flags: runFlags,
  args: [1, 1],
  async run({ global, flags, args, warn }) {
    const id = args[0]!;
    const { detach } = flags;
    // What the container leaves to us when its own parents end.
    if (!detach && !flags['no-subreaper']) setChildSubreaper(true);
    const { pid, master } = await createContainer({
      root: global.root,
      id,
      bundle: flags.bundle ?? '.',
      systemdCgroup: global.systemdCgroup,
      rootless: global.rootless,
      consoleSocket: flags['console-socket'],
      pidfdSocket: flags['pidfd-socket'],
      pidFile: flags['pid-file'],
      noPivot: flags['no-pivot'],
      noNewKeyring: flags['no-new-keyring'],
      preserveFds: flags['preserve-fds'],
      ownTerminal: !detach,
      warn,
    });
    try {
      await startContainer(global.root, id, { warn, attached: !detach });
    } catch (error) {
      await deleteContainer(global.root, id, { force: true, warn });
      throw error;
    }
    if (detach) return 0;
    const status = await stayWith(pid, master);
    if (!flags.keep) await remove(global.root, id, warn);
    return status;
  },
});

async function remove(root: string, id: string, warn: (message: string) => void): Promise<void> {
  try {
    await deleteContainer(root, id, { force: true, warn });
  } catch (error) {
    // How the program ended is what the caller asked for.
    if (!NsError.is(error)) throw error;
    warn(error.message);
  }
}
