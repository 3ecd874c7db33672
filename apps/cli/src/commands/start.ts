import { defineCommand, type Command } from '../command.js';
import { Failure } from '../failure.js';
import { bool, value } from '../flags/flag.js';
import { attend, checkTerminal } from '../session/attend.js';
import { defaultDetachKeys, detachKeysFlag } from '../session/detach-flag.js';
import { proxySignals } from '../session/proxy.js';
import { each } from './each.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: {
    checkpoint: value('Restore from this checkpoint'),
    checkpointDir: value('Use a custom checkpoint storage directory'),
    attach: bool('Attach STDOUT/STDERR and forward signals', { short: 'a' }),
    detachKeys: detachKeysFlag,
    interactive: bool("Attach container's STDIN", { short: 'i' }),
  },
  args: [1, Infinity],
  async run({ cli, flags, args }) {
    const attached = flags.attach || flags.interactive;
    if (attached && args.length > 1)
      throw new Failure(1, 'you cannot start and attach multiple containers at once');
    if (flags.checkpoint !== undefined && (attached || args.length > 1))
      throw new Failure(1, 'you can restore one container at a time, and not attach to it');
    const from = {
      ...(flags.checkpoint === undefined ? {} : { checkpoint: flags.checkpoint }),
      ...(flags.checkpointDir === undefined ? {} : { 'checkpoint-dir': flags.checkpointDir }),
    };
    const engine = await cli.engine();
    if (!attached) {
      const failed = await each(cli, args, (name) => engine.containerStart(name, from));
      if (failed.length > 0) cli.warn(`Error: failed to start containers: ${failed.join(', ')}`);
      return failed.length > 0 ? 1 : 0;
    }
    const { Id: id, Config, HostConfig } = await engine.containerInspect(args[0] ?? '');
    const tty = Config.Tty === true;
    const stdin = flags.interactive && Config.OpenStdin === true;
    checkTerminal(cli, tty, stdin);
    const unproxy = tty ? undefined : proxySignals(cli, engine, id);
    try {
      const detachKeys = flags.detachKeys ?? defaultDetachKeys;
      const autoRemove = HostConfig.AutoRemove === true;
      return await attend(cli, engine, {
        id,
        tty,
        stdin,
        stdout: true,
        stderr: true,
        detachKeys,
        autoRemove,
      });
    } finally {
      unproxy?.();
    }
  },
});
