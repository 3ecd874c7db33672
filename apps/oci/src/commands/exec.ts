import { execFlags } from '../command-line/container-flags.js';
import { defineCommand, type Command, type Invocation } from '../command-line/command.js';
import { messageOf, tellError } from '../log.js';
import { execInContainer } from '../runtime/exec.js';
import { parseSubCgroups } from '../runtime/exec-cgroup.js';
import { planExec } from '../runtime/exec-plan.js';
import { stayWith } from '../runtime/foreground.js';

/** `ns-oci exec`. */
export const command: Command = defineCommand({
  summary: 'Run another program in a container.',
  usage: '<container-id> <command> [arguments...] || --process file <container-id>',
  flags: execFlags,
  args: [1, Infinity],
  async run(invocation) {
    try {
      return await exec(invocation);
    } catch (error) {
      tellError(invocation.global, `exec failed: ${messageOf(error)}`);
      return FAILED;
    }
  },
});

/** As runc's: programs do not end with it by chance. */
const FAILED = 255;

async function exec(invocation: Invocation<typeof execFlags>): Promise<number> {
  const { global, flags, args, warn } = invocation;
  const [id = '', ...words] = args;
  const cgroups = parseSubCgroups(flags.cgroup);
  const process = planExec({ root: global.root, id, command: words, flags, warn });
  const { pid, master } = await execInContainer({
    root: global.root,
    id,
    process,
    consoleSocket: flags['console-socket'],
    pidfdSocket: flags['pidfd-socket'],
    pidFile: flags['pid-file'],
    preserveFds: flags['preserve-fds'],
    cgroups,
    detach: flags.detach,
    ignorePaused: flags['ignore-paused'],
    warn,
  });
  return flags.detach ? 0 : stayWith(pid, master);
}
