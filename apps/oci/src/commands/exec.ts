import { execFlags } from '../command-line/container-flags.js';
import { defineCommand, type Command } from '../command-line/command.js';
import { execInContainer } from '../runtime/exec.js';
import { planExec } from '../runtime/exec-plan.js';
import { stayWith } from '../runtime/foreground.js';

/** `ns-oci exec`. */
export const command: Command = defineCommand({
  summary: 'Run another program in a container.',
  usage: '<container-id> <command> [arguments...] || --process file <container-id>',
  flags: execFlags,
  args: [1, Infinity],
  async run({ global, flags, args: [id, ...words], warn }) {
    const process = planExec({ root: global.root, id: id!, command: words, flags, warn });
    const { pid, master } = await execInContainer({
      root: global.root,
      id: id!,
      process,
      consoleSocket: flags['console-socket'],
      pidfdSocket: flags['pidfd-socket'],
      pidFile: flags['pid-file'],
      preserveFds: flags['preserve-fds'],
      cgroup: subCgroup(flags.cgroup),
      ignorePaused: flags['ignore-paused'],
      warn,
    });
    if (flags.detach) return 0;
    return stayWith(pid, master);
  },
});

/** The last of `[controller[,controller...]:]path`, which names a cgroup below the container's. */
function subCgroup(given: readonly string[]): string | undefined {
  const path = given.at(-1)?.replace(/^[^/:]*:/, '');
  return path === undefined || path === '' || path === '/'
    ? undefined
    : path.startsWith('/')
      ? path
      : `/${path}`;
}
