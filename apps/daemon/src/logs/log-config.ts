import type { LogConfig } from '@ns/engine-api';

import { invalid } from '../engine/errors.js';
import { parseSize } from '../engine/mount-options.js';
import { DEFAULT_LIMITS, type LogLimits } from './log-file.js';

/** Docker's names for a log that the engine keeps itself; ours is one form for all of them. */
const OURS = ['', 'json-file', 'local'];

/**
 * What a container's log configuration comes to: the size of its log, or undefined for no log at all.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a driver that is not there, or a bad option.
 */
export function logLimits(config: LogConfig | null | undefined): LogLimits | undefined {
  const type = config?.Type ?? '';
  if (type === 'none') return undefined;
  const operation = 'HostConfig.LogConfig';
  if (!OURS.includes(type)) {
    throw invalid(
      operation,
      `logger: no log driver named '${type}' is registered`,
      'The log drivers are local, json-file and none.',
    );
  }
  const options = config?.Config ?? {};
  const files = Number(options['max-file'] ?? DEFAULT_LIMITS.maxFiles);
  if (!Number.isInteger(files) || files < 1 || files > 1000) {
    throw invalid(operation, `max-file: '${options['max-file']}' is not a number from 1 to 1000`);
  }
  const size = options['max-size'];
  const bytes = size === undefined ? DEFAULT_LIMITS.maxBytes : parseSize(`${operation}: max-size`, size);
  if (bytes < 1)
    throw invalid(operation, 'max-size: 0 bytes would keep nothing', 'Use the log driver none instead.');
  return { maxBytes: bytes, maxFiles: files };
}
