import { arch, release } from 'node:os';

import { NsError } from '@ns/errors';

import type { Context } from './resolve.js';
import type { Architecture } from './tables/index.js';

const ARCHITECTURES: Readonly<Record<string, Architecture>> = { x64: 'x86_64', arm64: 'aarch64' };

/**
 * The context of a container on this machine.
 *
 * @param capabilities - Its bounding set.
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` on a machine of another architecture.
 */
export function hostContext(capabilities: readonly string[]): Context {
  const architecture = ARCHITECTURES[arch()];
  if (architecture === undefined) {
    throw new NsError('ERR_NS_UNSUPPORTED', {
      operation: 'seccomp',
      message: `no filters are made for ${arch()}`,
      hint: 'use an x86-64 or 64-bit ARM machine, or seccomp=unconfined',
    });
  }
  return { capabilities, architecture, kernelVersion: release() };
}
