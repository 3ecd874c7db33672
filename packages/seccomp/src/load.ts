import {
  bytes,
  call,
  group,
  on,
  PR,
  SECCOMP,
  SECCOMP_FILTER_FLAG,
  struct,
  type CallOptions,
  type Slot,
  type Step,
} from '@ns/syscall';

import { invalid } from './errors.js';
import type { Filter } from './compile.js';
import type { Flag } from './profile.js';

/** How a filter is loaded. */
export interface LoadOptions {
  /** Instead of the profile's own flags. */
  readonly flags?: readonly Flag[];
  /**
   * Gets the descriptor on which the calls of `SCMP_ACT_NOTIFY` are answered, see seccomp_unotify(2). It is
   * close-on-exec. Needed when, and only when, the filter has such a rule.
   */
  readonly listener?: Slot;
  /**
   * What to do about no_new_privs, without which a process that lacks CAP_SYS_ADMIN may load no filter.
   *
   * - `'as-needed'` (default): set it only when the kernel refuses the filter for the want of it.
   * - `'keep'`: leave it as it is; the step fails with EACCES when it is needed.
   */
  readonly noNewPrivileges?: 'as-needed' | 'keep';
}

/**
 * Steps that put a process and its later children under a filter, for good. Linux 4.14, `WAIT_KILLABLE_RECV` 5.19.
 *
 * @remarks
 * What the program does after these steps goes through the filter. Load it after mounting, and either before
 * capabilities are dropped (which then must be allowed calls, as with Docker's profile) or, with no_new_privs, just
 * before execve. See seccomp(2), `SECCOMP_SET_MODE_FILTER`.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` when a listener is needed and not given, or the other way round,
 * and for `WAIT_KILLABLE_RECV` without a listener.
 */
export function loadSteps(filter: Filter, options: LoadOptions = {}): readonly Step[] {
  const { listener, noNewPrivileges = 'as-needed' } = options;
  const flags = new Set(options.flags ?? filter.flags);
  checkListener(filter, flags, listener);
  const program = struct([
    ['len', 2, filter.length],
    ['', 2, 0],
    ['', 4, 0],
    ['filter', 8, bytes(filter.program, `<${filter.length} BPF instructions>`)],
  ]);
  const load = (purpose: Partial<CallOptions>): Step =>
    call('seccomp', [SECCOMP.SECCOMP_SET_MODE_FILTER, flagBits(flags, listener !== undefined), program], {
      what: 'load the seccomp filter',
      hints: HINTS,
      ...(listener === undefined ? {} : { into: listener }),
      ...purpose,
    });
  const permitted = call('prctl', [PR.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], {
    what: 'give up gaining privileges by execve, so that the filter may be loaded',
  });
  const first = load(noNewPrivileges === 'keep' ? {} : { on: [on(['EACCES'], permitted, load({}))] });
  return [group('seccomp', first)];
}

const HINTS = {
  EACCES: 'without CAP_SYS_ADMIN a filter needs no_new_privs',
  EINVAL: 'this kernel does not know one of the flags, or the actions, of the profile',
  EBUSY: 'the process has a listener already: only one of its filters can have SCMP_ACT_NOTIFY',
  ENOSYS: 'this kernel has no seccomp filters, or an outer filter hides them',
  EPERM: 'an outer filter forbids seccomp(2)',
  ENOMEM: 'the filters of the process exceed 32768 instructions together',
  ESRCH: 'another thread has a filter that this one does not come from',
};

function checkListener(filter: Filter, flags: ReadonlySet<Flag>, listener: Slot | undefined): void {
  if (filter.hasListener && listener === undefined) {
    throw invalid(
      'the profile has SCMP_ACT_NOTIFY and no listener',
      'set listenerPath, or answer with SCMP_ACT_ERRNO',
    );
  }
  if (!filter.hasListener && listener !== undefined) {
    throw invalid('a listener is given, and no rule has SCMP_ACT_NOTIFY');
  }
  if (listener === undefined && flags.has('SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV')) {
    throw invalid('flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV without a rule that has SCMP_ACT_NOTIFY');
  }
}

/** Flags of seccomp(2). */
function flagBits(flags: ReadonlySet<Flag>, hasListener: boolean): number {
  let bits = 0;
  for (const flag of flags) bits |= SECCOMP_FILTER_FLAG[flag];
  if (!hasListener) return bits;
  bits |= SECCOMP_FILTER_FLAG.SECCOMP_FILTER_FLAG_NEW_LISTENER;
  // A failed TSYNC would answer with a thread's id, which is not to be told from a descriptor.
  return flags.has('SECCOMP_FILTER_FLAG_TSYNC')
    ? bits | SECCOMP_FILTER_FLAG.SECCOMP_FILTER_FLAG_TSYNC_ESRCH
    : bits;
}
