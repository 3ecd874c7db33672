import type { Readable } from 'node:stream';

import { frame } from '@ns/engine-api';

import { checkExecRequest, type CheckedExec } from '../engine/create-schema.js';
import { notRunning } from '../engine/errors.js';
import {
  checkStartable,
  createExec,
  type ExecSession,
  findExec,
  inspectExec,
  startExec,
} from '../engine/exec-session.js';
import { errorBody } from '../http/errors.js';
import { empty, json, readJson, type Reply } from '../http/message.js';
import type { Route } from '../http/router.js';
import type { StreamKind } from '../logs/record.js';
import { attach, type Peer } from '../stdio/attach.js';
import { parseDetachKeys } from '../stdio/detach-keys.js';
import { type ApiContext, containerOf } from './context.js';
import { windowSize } from './lifecycle.js';
import { RAW_STREAM, streamType } from './stream-type.js';

/** Commands in running containers. */
export const execRoutes = (context: ApiContext): Route[] => [
  [
    'POST',
    '/containers/:id/exec',
    async (request) => {
      const container = containerOf(context, request);
      const session = createExec(context.engine, container, checkExecRequest(await readJson(request.body)));
      return json({ Id: session.id }, 201);
    },
  ],
  [
    'POST',
    '/exec/:id/start',
    async (request): Promise<Reply> => {
      const session = findExec(context.engine, request.params['id'] ?? '');
      const options = await startOptions(request.body);
      checkStartable(session);
      if (options.detach) {
        await startExec(context.engine, session, options);
        return empty(200);
      }
      return {
        kind: 'hijack',
        type: session.request.Tty ? RAW_STREAM : streamType(request),
        talk: (peer) => converse(context, session, options, peer),
      };
    },
  ],
  ['GET', '/exec/:id/json', ({ params }) => json(inspectExec(findExec(context.engine, params['id'] ?? '')))],
  [
    'POST',
    '/exec/:id/resize',
    ({ params, query }) => {
      const session = findExec(context.engine, params['id'] ?? '');
      if (session.process === undefined || session.state !== 'running') throw notRunning(session.id);
      session.process.resize(windowSize(query));
      return empty(200);
    },
  ],
];

interface StartOptions {
  readonly detach: boolean;
  readonly consoleSize?: readonly [number, number] | undefined;
}

async function startOptions(body: Readable): Promise<StartOptions> {
  const { Detach, ConsoleSize }: CheckedExec = checkExecRequest(await readJson(body));
  return { detach: Detach ?? false, ...(ConsoleSize ? { consoleSize: ConsoleSize } : {}) };
}

/** The connection is the client's already: that the command cannot be started is told in its stream, as Docker does. */
async function converse(
  context: ApiContext,
  session: ExecSession,
  options: StartOptions,
  peer: Peer,
): Promise<void> {
  const { request, run } = session;
  const isTerminal = request.Tty ?? false;
  const streams: StreamKind[] = [];
  if (isTerminal || request.AttachStdout) streams.push('stdout');
  if (!isTerminal && request.AttachStderr) streams.push('stderr');
  // Before the start, so that nothing of the output is missed.
  const attached = attach(peer, run, {
    stdin: request.AttachStdin ?? false,
    streams,
    stream: true,
    framed: !isTerminal,
    detachKeys: isTerminal ? parseDetachKeys(request.DetachKeys ?? '') : undefined,
    closeStdin: !isTerminal,
    settled: session.ended,
  });
  try {
    await startExec(context.engine, session, options);
  } catch (error) {
    context.engine.logger.debug(
      `exec ${session.id}: ${error instanceof Error ? error.message : String(error)}`,
    );
    const line = Buffer.from(`${errorBody(error, true).message}\r\n`);
    if (!peer.output.writableEnded) peer.output.write(isTerminal ? line : frame('stderr', line));
    run.output.end();
    run.input.end();
  }
  await attached;
}
