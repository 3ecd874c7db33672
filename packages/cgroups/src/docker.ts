import type { Resources } from './resources.js';

/**
 * What `docker run` adds to what it is given: a memory limit without one of memory and swap allows as much swap again.
 */
export function withDockerDefaults(resources: Resources): Resources {
  const { memory } = resources;
  if (memory?.limitBytes === undefined || memory.memorySwapBytes !== undefined) return resources;
  const memorySwapBytes = memory.limitBytes === 'unlimited' ? 'unlimited' : memory.limitBytes * 2;
  return { ...resources, memory: { ...memory, memorySwapBytes } };
}
