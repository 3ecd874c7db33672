import { NsError } from '@ns/errors';
import { call, CAP, CAPABILITY, PR, PR_CAP_AMBIENT, struct, type Step } from '@ns/syscall';

import { capabilityNames } from './mask.js';
import { setSecurebits } from './securebits.js';

/**
 * Steps that take everything outside `bounding` away from the process and its children for good.
 *
 * @remarks
 * Needs `CAP_SETPCAP`, so it comes before {@link setCapabilities}. See prctl(2), `PR_CAPBSET_DROP`.
 *
 * @param highest - The number of the kernel's last capability, `/proc/sys/kernel/cap_last_cap`: those that this
 * package does not know are dropped too.
 */
export function limitBounding(bounding: bigint, highest: number): Step[] {
  const steps: Step[] = [];
  for (let number = 0; number <= highest; number++) {
    if ((bounding >> BigInt(number)) & 1n) continue;
    steps.push(
      call('prctl', [PR.PR_CAPBSET_DROP, number, 0, 0, 0], {
        what: `drop capability ${number} from the bounding set`,
      }),
    );
  }
  return steps;
}

/** The sets that capset(2) sets. */
export interface NewCapabilities {
  readonly permitted: bigint;
  /** Default: `permitted`. */
  readonly effective?: bigint;
  /** Default: nothing. A full one gave files' capabilities away in containers (CVE-2022-24769). */
  readonly inheritable?: bigint;
}

/**
 * Steps that set the permitted, effective and inheritable sets, and empty the ambient set.
 *
 * @remarks
 * See capset(2), and capabilities(7) for what execve(2) makes of the sets.
 *
 * @param sets - A mask is what is permitted and effective, with nothing to inherit.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` when something is effective that is not permitted.
 */
export function setCapabilities(sets: bigint | NewCapabilities): Step[] {
  return [
    capset(typeof sets === 'bigint' ? { permitted: sets } : sets),
    call('prctl', [PR.PR_CAP_AMBIENT, PR_CAP_AMBIENT.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0], {
      what: 'empty the ambient capabilities',
    }),
  ];
}

function capset({ permitted, effective = permitted, inheritable = 0n }: NewCapabilities): Step {
  requireWithin('effective', effective, 'permitted', permitted);
  const low = (mask: bigint): number => Number(mask & 0xffff_ffffn);
  const high = (mask: bigint): number => Number(mask >> 32n);
  const header = struct([
    ['version', 4, CAPABILITY._LINUX_CAPABILITY_VERSION_3, '3'],
    ['pid', 4, 0],
  ]);
  const data = struct([
    ['effective', 4, low(effective), hex(effective)],
    ['permitted', 4, low(permitted), hex(permitted)],
    ['inheritable', 4, low(inheritable), hex(inheritable)],
    ['', 4, high(effective)],
    ['', 4, high(permitted)],
    ['', 4, high(inheritable)],
  ]);
  return call('capset', [header, data], {
    what: 'set the capabilities',
    hints: { EPERM: 'a capability was asked for that this process does not have itself' },
  });
}

/**
 * Steps that put capabilities into the ambient set: what a program without file capabilities keeps through execve(2),
 * as another user than root too.
 *
 * @remarks
 * After {@link setCapabilities}: each must be permitted and inheritable. See capabilities(7), Linux 4.3.
 */
export function raiseAmbient(mask: bigint): Step[] {
  return bits(mask).map((number) =>
    call('prctl', [PR.PR_CAP_AMBIENT, PR_CAP_AMBIENT.PR_CAP_AMBIENT_RAISE, number, 0, 0], {
      what: `raise ambient capability ${number}`,
      hints: { EPERM: 'it must be permitted and inheritable, and SECBIT_NO_CAP_AMBIENT_RAISE must be off' },
    }),
  );
}

/**
 * A step after which becoming another user than root keeps the permitted set, until execve(2).
 *
 * @remarks
 * The effective set is emptied all the same: {@link setCapabilities} comes after setresuid(2). See prctl(2),
 * `PR_SET_KEEPCAPS`.
 */
export function keepCapabilities(): Step {
  return call('prctl', [PR.PR_SET_KEEPCAPS, 1, 0, 0, 0], {
    what: 'keep the permitted capabilities when the user changes',
    hints: { EPERM: 'SECBIT_KEEP_CAPS_LOCKED forbids it' },
  });
}

/** What a process is left with by {@link limitProcess}. */
export interface ProcessLimits extends NewCapabilities {
  /** What no program that it executes can ever have more than. Default: `permitted` and `inheritable`. */
  readonly bounding?: bigint;
  /** Default: nothing. */
  readonly ambient?: bigint;
  /** `SECBIT_*`. Default: they stay as they are. See {@link securebitsMask}. */
  readonly securebits?: number;
}

/**
 * Steps that set all five sets, and the secure bits, of a process for good.
 *
 * @remarks
 * The order is what counts: the bounding set and the secure bits need `CAP_SETPCAP`, which goes last; the ambient set
 * needs the inheritable one; and `NO_CAP_AMBIENT_RAISE` must come after the ambient set. To become another user as well,
 * {@link keepCapabilities} and setresuid(2) come before.
 *
 * @param highest - As {@link limitBounding}.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for sets that the kernel cannot combine: effective beyond permitted,
 * ambient beyond permitted or inheritable, inheritable beyond bounding.
 *
 * @example Nothing but binding to low ports, as any user, for good
 * ```ts
 * const mask = capabilityMask(['NET_BIND_SERVICE']);
 * const securebits = securebitsMask(NO_ROOT_PRIVILEGE);
 * limitProcess({ permitted: mask, inheritable: mask, ambient: mask, securebits }, highestCapability());
 * ```
 */
export function limitProcess(limits: ProcessLimits, highest: number): Step[] {
  const { permitted, effective = permitted, inheritable = 0n, ambient = 0n, securebits } = limits;
  const { bounding = permitted | inheritable } = limits;
  requireWithin('ambient', ambient, 'permitted', permitted);
  requireWithin('ambient', ambient, 'inheritable', inheritable);
  requireWithin('inheritable', inheritable, 'bounding', bounding);
  const final = { permitted, effective, inheritable };
  const setpcap = 1n << BigInt(CAP.CAP_SETPCAP);
  return [
    ...limitBounding(bounding, highest),
    ...(securebits === undefined
      ? [...setCapabilities(final), ...raiseAmbient(ambient)]
      : [
          ...setCapabilities({
            permitted: permitted | setpcap,
            effective: effective | setpcap,
            inheritable,
          }),
          ...raiseAmbient(ambient),
          setSecurebits(securebits),
          capset(final),
        ]),
  ];
}

function requireWithin(inner: string, part: bigint, outer: string, whole: bigint): void {
  const excess = part & ~whole;
  if (excess === 0n) return;
  throw new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'capabilities',
    message: `${capabilityNames(excess).join(', ')}: in the ${inner} set and not in the ${outer} set`,
    hint: `add it to the ${outer} set, or take it from the ${inner} set`,
  });
}

function bits(mask: bigint): number[] {
  const numbers: number[] = [];
  for (let number = 0; mask >> BigInt(number) > 0n; number++) {
    if ((mask >> BigInt(number)) & 1n) numbers.push(number);
  }
  return numbers;
}

const hex = (mask: bigint): string => `0x${mask.toString(16)}`;
