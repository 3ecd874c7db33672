import { compareVersions } from '@ns/engine-api';

import type { ApiRequest } from '../http/message.js';

/** A terminal's bytes as they are; before API 1.42 also for frames. */
export const RAW_STREAM = 'application/vnd.docker.raw-stream';
const MULTIPLEXED_STREAM = 'application/vnd.docker.multiplexed-stream';

/** The media type of framed output, as the client knows it. */
export const streamType = (request: Pick<ApiRequest, 'version'>): string =>
  compareVersions(request.version, '1.42') >= 0 ? MULTIPLEXED_STREAM : RAW_STREAM;
