import type { ContainerInspect, EngineClient } from '@ns/engine-api';

import { defineCommand, type Command } from '../command.js';
import { Failure } from '../failure.js';
import { bool, boolOn } from '../flags/flag.js';
import { checkTerminal, exitCodeOf } from '../session/attend.js';
import { converse } from '../session/converse.js';
import { defaultDetachKeys, detachKeysFlag } from '../session/detach-flag.js';
import { proxySignals } from '../session/proxy.js';
import { followWindow, windowSize } from '../session/window-size.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] CONTAINER',
  flags: {
    detachKeys: detachKeysFlag,
    noStdin: bool('Do not attach STDIN'),
    sigProxy: boolOn('Proxy all received signals to the process (default true)'),
  },
  args: [1, 1],
  async run({ cli, flags, args: [name = ''] }) {
    const engine = await cli.engine();
    const { exit } = await engine.containerBeginWait(name);
    const container = await running(engine, name);
    const { Id: id, Config: config } = container;
    const tty = config.Tty === true;
    checkTerminal(cli, tty, !flags.noStdin);
    const stdin = !flags.noStdin && config.OpenStdin === true;
    const keys = flags.detachKeys ?? defaultDetachKeys;
    const query = { stream: true, stdin, stdout: true, stderr: true };
    // Keys are the terminal's business: without one, signals are all that a user can send.
    const unproxy = flags.sigProxy && !tty ? proxySignals(cli, engine, id) : undefined;
    const { stream } = await engine.containerAttach(
      id,
      keys.text === undefined ? query : { ...query, detachKeys: keys.text },
    );
    // It may have ended before we were attached, and then the stream would never end.
    await running(engine, name);
    const conversation = await converse(cli, { ...query, stream, tty, detachKeys: keys.bytes });
    const unfollow = tty ? await redraw(cli.stdout, engine, id) : undefined;
    try {
      if ((await conversation.ending) === 'detached') {
        // Docker's exit code: the container has not ended.
        cli.warn('read escape sequence');
        return 1;
      }
    } finally {
      unfollow?.();
      unproxy?.();
    }
    return exitCodeOf(await exit);
  },
});

async function running(engine: EngineClient, name: string): Promise<ContainerInspect> {
  const container = await engine.containerInspect(name);
  const { Running, Paused, Restarting } = container.State;
  if (!Running) throw new Failure(1, 'cannot attach to a stopped container, start it first');
  if (Paused) throw new Failure(1, 'cannot attach to a paused container, unpause it first');
  if (Restarting) throw new Failure(1, 'cannot attach to a restarting container, wait until it is running');
  return container;
}

/** A size that changes makes a program draw its screen again: one column more, then what it is. */
async function redraw(stdout: NodeJS.WriteStream, engine: EngineClient, id: string): Promise<() => void> {
  const size = windowSize(stdout);
  const resize = (to: { h: number; w: number }): Promise<void> => engine.containerResize(id, to);
  if (size !== undefined) await resize({ h: size.h + 1, w: size.w + 1 }).catch(() => undefined);
  return followWindow(stdout, resize, () => undefined);
}
