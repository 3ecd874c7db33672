import type { ExecDriver } from '@ns/execdriver';
import { NsError } from '@ns/errors';

import type { ManagedContainer } from './container.js';
import type { EngineContext } from './context.js';
import type { ContainerRecord } from './record.js';

/** The name of a container's driver. Records of before there were several are the native one's. */
export const runtimeOf = ({ hostConfig }: Pick<ContainerRecord, 'hostConfig'>): string =>
  hostConfig.Runtime || 'native';

/**
 * The driver of a container, loaded when it is not.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` when the daemon was started without it.
 */
export async function ensureDriver(context: EngineContext, container: ManagedContainer): Promise<ExecDriver> {
  container.execDriver ??= await context.drivers.get(runtimeOf(container.record));
  return container.execDriver;
}

/** The same, of a container whose driver is loaded: one that is planned, or runs. */
export function driverOf({ execDriver, record }: ManagedContainer): ExecDriver {
  if (execDriver !== undefined) return execDriver;
  throw new NsError('ERR_NS_UNSUPPORTED', {
    operation: `container ${record.name}`,
    message: `its driver ${runtimeOf(record)} is not loaded`,
    hint: 'Start ns-daemon with the driver that the container was created with.',
  });
}
