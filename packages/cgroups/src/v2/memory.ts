import { swapAlone } from '../convert.js';
import { invalid, unsupported } from '../errors.js';
import { v2Limit } from '../limit-text.js';
import type { ControlWrite, Planner } from '../plan.js';
import type { Limit } from '../resources.js';

/** `memory.max` and its kin. See cgroup-v2.rst, "Memory Interface Files". */
export const memory: Planner = ({ memory: given = {} }, { current, refuse }) => {
  const { limitBytes, highBytes, minBytes } = given;
  if (given.oomKillDisable === true) {
    refuse(
      unsupported('an OOM killer that is off is a thing of version 1', {
        hint: 'leave it out; memory.high slows a group down before it reaches its limit',
      }),
    );
  }
  if (given.swappiness !== undefined) refuse(unsupported('swappiness of a cgroup is a thing of version 1'));
  const write = (file: string, value: Limit): ControlWrite => ({
    controller: 'memory',
    file,
    value: v2Limit(value),
  });
  const swap = swapLimit(given.memorySwapBytes, limitBytes, current?.limitBytes);
  // What protects comes before what limits, so that a smaller limit does not take what is to be protected.
  return [
    ...(minBytes === undefined ? [] : [write('memory.min', minBytes)]),
    ...low(given.lowBytes ?? given.reservationBytes).map((value) => write('memory.low', value)),
    // Swap first: with memory gone over its limit there must be the room that it is to have.
    ...swap.map((value) => ({
      ...write('memory.swap.max', value),
      // The kernel was built or started without swap: nothing to forbid or lift.
      ...(value === 0 || value === 'unlimited' ? { otherwise: [] } : {}),
    })),
    ...(highBytes === undefined ? [] : [write('memory.high', highBytes)]),
    ...(limitBytes === undefined ? [] : [write('memory.max', limitBytes)]),
  ];
};

const low = (value: Limit | undefined): Limit[] => (value === undefined ? [] : [value]);

function swapLimit(
  memorySwap: Limit | undefined,
  limit: Limit | undefined,
  currentLimit: Limit | undefined,
): Limit[] {
  if (memorySwap === undefined) return limit === 'unlimited' ? ['unlimited'] : [];
  const alone = swapAlone(memorySwap, limit ?? currentLimit);
  if (alone !== undefined) return [alone];
  throw invalid('a limit of memory and swap together needs a memory limit', {
    hint: 'set the memory limit too: version 2 limits swap alone, which is the difference',
  });
}
