import { readFileSync, rmSync, writeFileSync } from 'node:fs';

import type { Attachment } from './endpoint.js';

/**
 * Say on disk what addresses and ports a container has while it runs.
 *
 * @remarks
 * Before it runs: a daemon that dies at any moment leaves word of all that live containers have. It needs no fsync:
 * what it is about ends with a power failure.
 */
export function writeAttachment(path: string, attachment: Attachment): void {
  writeFileSync(path, JSON.stringify(attachment), { mode: 0o600 });
}

export const removeAttachment = (path: string): void => rmSync(path, { force: true });

/** @returns `undefined` when there is none that can be read. */
export function readAttachment(path: string): Attachment | undefined {
  try {
    const attachment = JSON.parse(readFileSync(path, 'utf8')) as Attachment;
    return attachment.version === 1 ? attachment : undefined;
  } catch {
    return undefined;
  }
}
