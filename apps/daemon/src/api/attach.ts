import type { ManagedContainer } from '../engine/container.js';
import { publish } from '../engine/container-events.js';
import { isPaused, isRestarting } from '../engine/errors.js';
import { badParameter, type Query, type Reply } from '../http/message.js';
import type { Route } from '../http/router.js';
import type { StreamKind } from '../logs/record.js';
import { attach } from '../stdio/attach.js';
import { parseDetachKeys } from '../stdio/detach-keys.js';
import { type ApiContext, containerOf } from './context.js';
import { RAW_STREAM, streamType } from './stream-type.js';

/** The streams of a container, both ways. */
export const attachRoutes = (context: ApiContext): Route[] => [
  [
    'POST',
    '/containers/:id/attach',
    (request): Reply => {
      const container = containerOf(context, request);
      if (container.record.state.status === 'restarting') throw isRestarting(container.id);
      if (container.record.state.status === 'paused') throw isPaused(container.id, 'attach');
      const { Tty = false } = container.record.config;
      const options = attachOptions(request.query, container);
      return {
        kind: 'hijack',
        type: Tty ? RAW_STREAM : streamType(request),
        async talk(peer) {
          publish(context.engine, container, 'attach');
          const end = await attach(peer, container.run, options);
          if (end === 'detached') publish(context.engine, container, 'detach');
        },
      };
    },
  ],
];

function attachOptions(query: Query, container: ManagedContainer): Parameters<typeof attach>[2] {
  const { Tty: isTerminal = false, OpenStdin = false, StdinOnce = false } = container.record.config;
  const streams: StreamKind[] = [];
  if (query.flag('stdout')) streams.push('stdout');
  if (query.flag('stderr') && !isTerminal) streams.push('stderr');
  const stdin = query.flag('stdin');
  if (streams.length === 0 && !stdin && !query.flag('stderr')) {
    throw badParameter('stdout', '', 'true, and neither are stdin and stderr: there is nothing to attach');
  }
  // A terminal has one stream, whichever of the two is asked for.
  if (isTerminal && streams.length === 0 && query.flag('stderr')) streams.push('stdout');
  return {
    stdin: stdin && OpenStdin,
    streams,
    stream: query.flag('stream'),
    framed: !isTerminal,
    detachKeys: isTerminal ? parseDetachKeys(query.text('detachKeys') ?? '') : undefined,
    closeStdin: StdinOnce && !isTerminal,
    ...(query.flag('logs') && container.log ? { log: container.log } : {}),
  };
}
