import { frameHeader } from '@ns/engine-api';
import { NsError } from '@ns/errors';

import { parseTime } from '../engine/clock.js';
import { DOCKER } from '../engine/errors.js';
import { badParameter, type Query, stream } from '../http/message.js';
import type { Route } from '../http/router.js';
import { Timestamper } from '../logs/lines.js';
import type { LogFile } from '../logs/log-file.js';
import { type ReadOptions, readLog } from '../logs/reader.js';
import type { StreamKind } from '../logs/record.js';
import { type ApiContext, containerOf } from './context.js';
import { RAW_STREAM, streamType } from './stream-type.js';

/** What a container has written. */
export const logRoutes = (context: ApiContext): Route[] => [
  [
    'GET',
    '/containers/:id/logs',
    (request) => {
      const { log, record } = containerOf(context, request);
      const options = { ...logOptions(request.query), signal: request.signal };
      if (log === undefined) {
        throw new NsError('ERR_NS_UNSUPPORTED', {
          operation: DOCKER,
          message: 'configured logging driver does not support reading',
          hint: 'The container was created with --log-driver none.',
        });
      }
      const isTerminal = record.config.Tty ?? false;
      const type = isTerminal ? RAW_STREAM : streamType(request);
      return stream(
        type,
        output(log, options, { framed: !isTerminal, timestamps: request.query.flag('timestamps') }),
      );
    },
  ],
];

async function* output(
  log: LogFile,
  options: ReadOptions,
  form: { readonly framed: boolean; readonly timestamps: boolean },
): AsyncGenerator<Uint8Array> {
  const timestamper = form.timestamps ? new Timestamper() : undefined;
  for await (const record of readLog(log, options)) {
    const data = timestamper ? timestamper.stamp(record) : record.data;
    if (form.framed) yield frameHeader(record.stream, data.length);
    yield data;
  }
}

function logOptions(query: Query): ReadOptions {
  const streams: StreamKind[] = [];
  if (query.flag('stdout')) streams.push('stdout');
  if (query.flag('stderr')) streams.push('stderr');
  if (streams.length === 0)
    throw badParameter('stdout', '', 'true, and neither is stderr: you must choose at least one stream');
  return {
    streams,
    sinceNs: timeOf(query, 'since'),
    untilNs: timeOf(query, 'until'),
    tail: tailOf(query.text('tail') ?? 'all'),
    follow: query.flag('follow'),
  };
}

/** Lines from the end. `all`, and what Docker takes for it: a negative number, and anything that is no number. */
function tailOf(text: string): number | undefined {
  const lines = Number(text);
  return text !== '' && Number.isInteger(lines) && lines >= 0 ? lines : undefined;
}

/** A time in the query; absent and 0 are no limit. */
export function timeOf(query: Query, name: string): bigint | undefined {
  const text = query.text(name);
  if (text === null || text === '' || text === '0') return undefined;
  const ns = parseTime(text);
  if (ns === undefined)
    throw badParameter(name, text, 'a Unix time, an RFC 3339 time, or how long ago (10m)');
  return ns === 0n ? undefined : ns;
}
