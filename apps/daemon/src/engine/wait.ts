import type { WaitCondition } from '@ns/engine-api';

import type { ManagedContainer } from './container.js';

/** Wait for a container. @returns Its exit code. @throws The signal's reason when it is aborted. */
export async function wait(
  container: ManagedContainer,
  condition: WaitCondition,
  signal: AbortSignal,
): Promise<number> {
  if (condition === 'removed') return await container.removal(signal);
  if (condition === 'next-exit') return await container.nextExit(signal);
  for (;;) {
    const { status } = container.record.state;
    if (!container.isRunning && status !== 'restarting') return container.record.state.exitCode;
    await container.nextExit(signal);
  }
}
