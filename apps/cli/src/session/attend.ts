import { setTimeout as sleep } from 'node:timers/promises';

import type { EngineClient, WaitResponse } from '@ns/engine-api';

import type { Cli } from '../cli.js';
import { CANNOT_RUN, Failure } from '../failure.js';
import { converse } from './converse.js';
import { followWindow } from './window-size.js';

/** A container that is to be started, with us attached. */
export interface Attendance {
  readonly id: string;
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** As the user wrote them; undefined is Docker's. */
  readonly detachKeys: { readonly text: string | undefined; readonly bytes: Buffer };
  readonly autoRemove: boolean;
}

/** How long a container that could not be started may take to go away. */
const REMOVAL_MS = 5_000;

/**
 * Attach, wait, start, and stay until the container ends or the user detaches.
 *
 * @remarks
 * The order is what makes the shortest life complete: attached before the start, no output is missed; the wait
 * registered before the start, no exit code is.
 *
 * @returns The container's exit code; 0 after detaching.
 */
export async function attend(cli: Cli, engine: EngineClient, container: Attendance): Promise<number> {
  const { id, tty, stdin, stdout, stderr, detachKeys, autoRemove } = container;
  const { text } = detachKeys;
  const query = { stream: true, stdin, stdout, stderr, ...(text === undefined ? {} : { detachKeys: text }) };
  const [{ stream }, { exit }] = await Promise.all([
    engine.containerAttach(id, query),
    engine.containerBeginWait(id, autoRemove ? 'removed' : 'next-exit'),
  ]);
  const conversation = await converse(cli, {
    stream,
    tty,
    stdin,
    stdout,
    stderr,
    detachKeys: detachKeys.bytes,
  });
  try {
    await engine.containerStart(id);
  } catch (error) {
    conversation.leave();
    // Its name must be free again when we say that it failed.
    if (autoRemove) await Promise.race([exit.catch(() => undefined), sleep(REMOVAL_MS)]);
    throw error;
  }
  const unfollow = tty
    ? followWindow(
        cli.stdout,
        (size) => engine.containerResize(id, size),
        () => cli.warn('failed to resize tty, using default size'),
      )
    : undefined;
  try {
    if ((await conversation.ending) === 'detached') return 0;
  } finally {
    unfollow?.();
  }
  // Nobody was to see its output, so nobody waits for its end.
  return stdout || stderr ? exitCodeOf(await lastWord(exit)) : 0;
}

/** The answer of a wait; a connection that broke says nothing of the container. */
async function lastWord(exit: Promise<WaitResponse>): Promise<WaitResponse> {
  try {
    return await exit;
  } catch (cause) {
    throw new Failure(CANNOT_RUN, 'the connection to the engine was lost; its exit code is not known', {
      hint: 'the container may go on without us: see ns ps -a, and ns attach to return to it',
      cause,
    });
  }
}

/** The exit code of a wait's answer. */
export function exitCodeOf({ StatusCode, Error: error }: WaitResponse): number {
  const message = error?.Message ?? '';
  if (message !== '') throw new Failure(CANNOT_RUN, `Error waiting for container: ${message}`);
  return StatusCode;
}

/** A terminal was asked for: our input must be one, or its keys could not be handed on. */
export function checkTerminal(cli: Cli, tty: boolean, stdin: boolean): void {
  if (tty && stdin && !cli.stdin.isTTY) {
    throw new Failure(1, 'the input device is not a TTY', {
      hint: 'leave out -t when input comes from a file or a pipe',
    });
  }
}
