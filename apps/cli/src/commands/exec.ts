import { EngineApiError, type EngineClient, type ExecCreateRequest } from '@ns/engine-api';

import type { Cli } from '../cli.js';
import { defineCommand, type Command } from '../command.js';
import { environment } from '../create/environment.js';
import { startExitCode } from '../create/create-container.js';
import { CANNOT_RUN, Failure, UsageFailure } from '../failure.js';
import { bool, list, value } from '../flags/flag.js';
import { reportOf } from '../report.js';
import { checkTerminal } from '../session/attend.js';
import { converse } from '../session/converse.js';
import { defaultDetachKeys, detachKeysFlag, type DetachKeys } from '../session/detach-flag.js';
import { followWindow, windowSize } from '../session/window-size.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  flags: {
    detach: bool('Detached mode: run command in the background', { short: 'd' }),
    detachKeys: detachKeysFlag,
    env: list('Set environment variables', { short: 'e' }),
    envFile: list('Read in a file of environment variables'),
    interactive: bool('Keep STDIN open even if not attached', { short: 'i' }),
    tty: bool('Allocate a pseudo-TTY', { short: 't' }),
    user: value('Username or UID (format: "<name|uid>[:<group|gid>]")', { short: 'u' }),
    workdir: value('Working directory inside the container', { short: 'w' }),
  },
  args: [2, Infinity],
  passesOn: true,
  async run({ cli, flags, args: [container = '', ...words], name }) {
    const attach = !flags.detach;
    const size = windowSize(cli.stdout);
    const keys = flags.detachKeys ?? defaultDetachKeys;
    const request: ExecCreateRequest = {
      Cmd: words,
      Env: envOf(name, () => environment(flags.envFile, flags.env, cli.env)),
      Tty: flags.tty,
      AttachStdin: attach && flags.interactive,
      AttachStdout: attach,
      AttachStderr: attach,
      ...(flags.user === undefined ? {} : { User: flags.user }),
      ...(flags.workdir === undefined ? {} : { WorkingDir: flags.workdir }),
      ...(keys.text === undefined ? {} : { DetachKeys: keys.text }),
      ...(flags.tty && size !== undefined ? { ConsoleSize: [size.h, size.w] as [number, number] } : {}),
    };
    const engine = await cli.engine();
    // Before anything is created, and yet after "no such container".
    await engine.containerInspect(container);
    if (attach) checkTerminal(cli, flags.tty, flags.interactive);
    const { Id } = await engine.execCreate(container, request);
    const start = {
      Tty: flags.tty,
      ...(request.ConsoleSize === undefined ? {} : { ConsoleSize: request.ConsoleSize }),
    };
    try {
      if (attach) return await interactive(cli, engine, Id, request, start, keys);
      await engine.execStart(Id, start);
      return 0;
    } catch (error) {
      throw notStarted(error) ?? error;
    }
  },
});

async function interactive(
  cli: Cli,
  engine: EngineClient,
  id: string,
  request: ExecCreateRequest,
  start: Parameters<EngineClient['execAttach']>[1],
  keys: DetachKeys,
): Promise<number> {
  const { stream } = await engine.execAttach(id, start);
  const tty = request.Tty === true;
  const stdin = request.AttachStdin === true;
  const conversation = await converse(cli, {
    stream,
    tty,
    stdin,
    stdout: true,
    stderr: true,
    detachKeys: keys.bytes,
  });
  const unfollow = tty
    ? followWindow(
        cli.stdout,
        (size) => engine.execResize(id, size),
        () => cli.warn('failed to resize tty, using default size'),
      )
    : undefined;
  try {
    if ((await conversation.ending) === 'detached') {
      // Docker's exit code: the command has not ended.
      cli.warn('read escape sequence');
      return 1;
    }
  } finally {
    unfollow?.();
  }
  const { Running, ExitCode } = await engine.execInspect(id);
  if (Running || ExitCode === null)
    throw new Failure(CANNOT_RUN, 'the engine ended the connection, and the command goes on');
  return ExitCode;
}

function notStarted(error: unknown): Failure | undefined {
  if (!EngineApiError.is(error)) return undefined;
  const { message, hint } = reportOf(error);
  const exitCode = startExitCode(error);
  return new Failure(exitCode === CANNOT_RUN ? 1 : exitCode, message, {
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}

function envOf(name: string, read: () => string[]): string[] {
  try {
    return read();
  } catch (cause) {
    throw new UsageFailure(name, (cause as Error).message);
  }
}
