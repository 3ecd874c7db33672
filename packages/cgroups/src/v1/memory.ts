import { unsupported } from '../errors.js';
import { v1Limit } from '../limit-text.js';
import type { ControlWrite, Planner } from '../plan.js';
import type { Limit } from '../resources.js';

const NO_SWAP_ACCOUNTING: readonly ControlWrite[] = [];
const bytesOf = (limit: Limit): number => (limit === 'unlimited' ? Infinity : limit);

/** `memory.limit_in_bytes` and its kin. See memory.rst of the kernel's documentation of version 1. */
export const memory: Planner = ({ memory: given = {} }, { current, refuse }) => {
  const { limitBytes, reservationBytes, oomKillDisable, swappiness } = given;
  for (const only of ['highBytes', 'lowBytes', 'minBytes'] as const) {
    if (given[only] !== undefined) refuse(unsupported(`memory ${only.slice(0, -5)} is a limit of version 2`));
  }
  // Whoever lifts the limit of memory means swap too.
  const memorySwap = given.memorySwapBytes ?? (limitBytes === 'unlimited' ? 'unlimited' : undefined);
  const write = (file: string, value: string): ControlWrite => ({ controller: 'memory', file, value });

  const limits: ControlWrite[] = [];
  if (limitBytes !== undefined) limits.push(write('memory.limit_in_bytes', v1Limit(limitBytes)));
  if (memorySwap !== undefined) {
    const swap = write('memory.memsw.limit_in_bytes', v1Limit(memorySwap));
    // Without swap accounting there is no file, and nothing to lift.
    limits.push(memorySwap === 'unlimited' ? { ...swap, otherwise: NO_SWAP_ACCOUNTING } : swap);
  }
  // The kernel keeps memory <= memory+swap at every moment: a limit above the old sum comes after the new one.
  if (limitBytes !== undefined && bytesOf(limitBytes) > bytesOf(current?.memorySwapBytes ?? 'unlimited')) {
    limits.reverse();
  }
  return [
    ...limits,
    ...(reservationBytes === undefined
      ? []
      : [write('memory.soft_limit_in_bytes', v1Limit(reservationBytes))]),
    ...(oomKillDisable === undefined ? [] : [write('memory.oom_control', oomKillDisable ? '1' : '0')]),
    ...(swappiness === undefined ? [] : [write('memory.swappiness', String(swappiness))]),
  ];
};
