import { AT, CLONE, O, call, cstr, group, slot, type Step } from '@ns/syscall';

import { invalid } from './invalid.js';
import type { TimeOffsets } from './spec.js';

const SECOND = 1_000_000_000n;
/** Half of KTIME_SEC_MAX: what the kernel allows as an offset, some 146 years. */
const MAX_OFFSET_SECONDS = 4_611_686_018n;

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for an offset of more than 146 years. */
export function checkTimeOffsets(offsets: TimeOffsets): void {
  for (const [clock, value] of Object.entries(offsets) as [string, bigint | undefined][]) {
    if (value === undefined) continue;
    if (typeof value !== 'bigint') {
      throw invalid('time namespace', `${clock} ${String(value)} is not a bigint`);
    }
    const size = value < 0n ? -value : value;
    if (size > MAX_OFFSET_SECONDS * SECOND) {
      throw invalid('time namespace', `${clock} ${value} is beyond ${MAX_OFFSET_SECONDS} seconds`);
    }
  }
}

/** One line per clock, as `/proc/PID/timens_offsets` reads them. The nanoseconds are never negative. */
export function timeOffsetsText(offsets: TimeOffsets): string {
  const line = (clock: string, value: bigint | undefined): string => {
    if (value === undefined || value === 0n) return '';
    const nanoseconds = ((value % SECOND) + SECOND) % SECOND;
    return `${clock} ${(value - nanoseconds) / SECOND} ${nanoseconds}\n`;
  };
  return line('monotonic', offsets.monotonicNs) + line('boottime', offsets.boottimeNs);
}

/**
 * Put the calling process into a new time namespace.
 *
 * @remarks
 * For the container's first process, with the host's `/proc` still there, and before it changes its ids: after that it
 * is no longer dumpable, and its own files in `/proc` are root's. See time_namespaces(7); kernel 5.6.
 *
 * clone3(2) with `CLONE_NEWTIME` would be one call, and is refused by kernels before 6.3; there the offsets could not
 * be set either, for they are frozen when the first process enters. So the namespace is unshared for children, gets
 * its offsets, and is then entered by its own descriptor.
 */
export function newTimeNamespace(offsets: TimeOffsets = {}): readonly Step[] {
  checkTimeOffsets(offsets);
  const text = timeOffsetsText(offsets);
  const file = slot('timens_offsets');
  const namespace = slot('time namespace');
  const setOffsets: readonly Step[] = [
    call('openat', [AT.AT_FDCWD, cstr('/proc/self/timens_offsets'), O.O_WRONLY | O.O_CLOEXEC, 0], {
      what: 'open the time offsets',
      object: '/proc/self/timens_offsets',
      into: file,
    }),
    call('write', [file, cstr(text), text.length], {
      what: `set the time offsets to ${text.trim().replaceAll('\n', ', ')}`,
      hints: { ERANGE: 'a clock would read before zero or beyond 146 years: choose a smaller offset' },
    }),
  ];
  return [
    group(
      'new time namespace',
      call('unshare', [CLONE.CLONE_NEWTIME], {
        what: 'create a time namespace',
        hints: { EINVAL: 'the kernel has no time namespaces (CONFIG_TIME_NS, 5.6)' },
      }),
      text === '' ? [] : setOffsets,
      call('openat', [AT.AT_FDCWD, cstr('/proc/self/ns/time_for_children'), O.O_RDONLY | O.O_CLOEXEC, 0], {
        what: 'open the new time namespace',
        object: '/proc/self/ns/time_for_children',
        into: namespace,
      }),
      call('setns', [namespace, CLONE.CLONE_NEWTIME], { what: 'enter the new time namespace' }),
    ),
  ];
}
