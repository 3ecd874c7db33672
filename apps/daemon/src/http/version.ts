import { API_VERSION, compareVersions, MIN_API_VERSION } from '@ns/engine-api';
import { NsError } from '@ns/errors';

import { DOCKER } from '../engine/errors.js';

const PREFIX = /^\/v(\d{1,4}\.\d{1,4})(?=\/)/;

/** Take the version off a request's path: `/v1.41/version` is `/version` at 1.41. Without one it is the highest. */
export function splitVersion(path: string): { version: string; path: string } {
  const match = PREFIX.exec(path);
  if (!match) return { version: API_VERSION, path };
  return { version: match[1] as string, path: path.slice(match[0].length) };
}

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` when we do not serve the version. The words are Docker's. */
export function checkVersion(version: string): void {
  if (compareVersions(version, API_VERSION) > 0) {
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: DOCKER,
      message: `client version ${version} is too new. Maximum supported API version is ${API_VERSION}`,
    });
  }
  if (compareVersions(version, MIN_API_VERSION) < 0) {
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: DOCKER,
      message:
        `client version ${version} is too old. Minimum supported API version is ${MIN_API_VERSION}, ` +
        'please upgrade your client to a newer version',
    });
  }
}
