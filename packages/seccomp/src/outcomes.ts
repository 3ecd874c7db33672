import { ERRNO, SECCOMP_RET } from '@ns/syscall';

import type { AbiFacts } from './abi.js';
import { returnValue } from './action.js';
import { condition, type Condition } from './condition.js';
import type { Alternative, Decision } from './decision.js';
import { multiplexed } from './multiplexed.js';
import type { Rule, SeccompProfile } from './profile.js';
import type { Range } from './range-tree.js';
import { syscallNumbers } from './tables/index.js';

/** What a filter does with a call: a return value, or a decision by its arguments. */
export type Outcome = number | Decision;

const ENOSYS = SECCOMP_RET.SECCOMP_RET_ERRNO + ERRNO.ENOSYS;

/** New system calls count on below this; above are numbers of x32 alone (512 to 547) and of ARM alone (0xf0001 on). */
const COMMON_NUMBERS = 512;

/** Rare calls weigh so much in the search tree, and frequent ones so much. */
const RARE = 1;
const FREQUENT = 16;
const FREQUENT_CALLS = new Set(
  `read write openat close fstat newfstatat statx lseek mmap munmap mprotect brk madvise mremap rt_sigaction
  rt_sigprocmask rt_sigreturn ioctl pread64 pwrite64 readv writev poll ppoll select pselect6 sched_yield nanosleep
  clock_nanosleep clock_gettime gettimeofday futex epoll_wait epoll_pwait epoll_ctl accept4 recvfrom sendto recvmsg
  sendmsg fcntl getdents64 getpid gettid stat open access readlinkat`.split(/\s+/),
);

/**
 * What a profile does with each number of an ABI, as ranges without the ABI's bit.
 *
 * @remarks
 * As runc with libseccomp: a rule whose action is the default is nothing; the first rule without conditions wins over
 * every other one for the call; else the first rule whose conditions hold.
 */
export function outcomes(profile: SeccompProfile, facts: AbiFacts): Range<Outcome>[] {
  const fallback = returnValue(profile.defaultAction, profile.defaultErrnoRet);
  const named = new Map<number, Outcome>();
  let newest: number | undefined;
  const numbers = syscallNumbers(facts.abi);
  for (const rule of profile.syscalls ?? []) {
    const value = returnValue(rule.action, rule.errnoRet);
    const alternatives = alternativesOf(rule, value, facts);
    for (const name of rule.names) {
      const number = numbers.get(name);
      if (number !== undefined) {
        if (number < COMMON_NUMBERS) newest = Math.max(newest ?? 0, number);
        if (value !== fallback) addRule(named, number, value, alternatives, fallback);
      }
      const other = facts.abi === 'i386' ? multiplexed(name) : undefined;
      if (other === undefined) continue;
      const through = numbers.get(other.through)!;
      newest = Math.max(newest ?? 0, through);
      if (value === fallback) continue;
      const direct = alternatives.length === 0 ? [{ conditions: [], value }] : alternatives;
      const chosen = direct.map((one) => throughOther(one, other.call));
      addRule(named, through, value, chosen, fallback);
    }
  }
  // Nor is a profile that names no call of an ABI older than any of them: all get the default.
  const unknown = answersUnknown(fallback) || newest === undefined ? fallback : ENOSYS;
  return asRanges(facts, named, newest ?? COMMON_NUMBERS, fallback, unknown);
}

/** A profile that lets pass what it does not name (to the kernel, or to a tracer) lets pass new calls too. */
function answersUnknown(fallback: number): boolean {
  const action = (fallback & SECCOMP_RET.SECCOMP_RET_ACTION_FULL) >>> 0;
  return (
    action === SECCOMP_RET.SECCOMP_RET_ALLOW ||
    action === SECCOMP_RET.SECCOMP_RET_LOG ||
    action === SECCOMP_RET.SECCOMP_RET_TRACE
  );
}

/** The conditions of a rule, each of which may be enough; none when it applies whatever the arguments are. */
function alternativesOf({ args }: Rule, value: number, { width }: AbiFacts): Alternative[] {
  // A profile that did not come by way of parseProfile can have null here.
  const conditions = (args ?? []).map((argument) => condition(argument, width));
  const tests = conditions.filter(({ mask }) => mask !== 0n);
  const indices = new Set(conditions.map(({ index }) => index));
  if (indices.size === conditions.length) return tests.length === 0 ? [] : [{ conditions: tests, value }];
  // As runc: two conditions on one argument are two rules.
  return tests.length < conditions.length ? [] : tests.map((one) => ({ conditions: [one], value }));
}

/** The arguments of a call that is made through another one are out of reach: as libseccomp, its number takes the first's place. */
function throughOther({ conditions, value }: Alternative, call: number): Alternative {
  const number: Condition = { index: 0, op: 'SCMP_CMP_EQ', value: BigInt(call), mask: 0xffff_ffffn };
  return { conditions: [number, ...conditions.filter(({ index }) => index !== 0)], value };
}

function addRule(
  named: Map<number, Outcome>,
  number: number,
  value: number,
  alternatives: readonly Alternative[],
  otherwise: number,
): void {
  const known = named.get(number);
  if (typeof known === 'number') return;
  const outcome =
    alternatives.length === 0
      ? value
      : { alternatives: [...(known?.alternatives ?? []), ...alternatives], otherwise };
  named.set(number, outcome);
}

function asRanges(
  { abi }: AbiFacts,
  named: ReadonlyMap<number, Outcome>,
  newest: number,
  fallback: number,
  unknown: number,
): Range<Outcome>[] {
  const ranges: Range<Outcome>[] = [];
  let next = 0;
  for (const [name, number] of syscallNumbers(abi)) {
    if (number < next) continue;
    if (number > next) ranges.push({ start: next, outcome: unknown, weight: RARE });
    const isNewer = number > newest && number < COMMON_NUMBERS;
    ranges.push({
      start: number,
      outcome: named.get(number) ?? (isNewer ? unknown : fallback),
      weight: FREQUENT_CALLS.has(name) ? FREQUENT : RARE,
    });
    next = number + 1;
  }
  return [...ranges, { start: next, outcome: unknown, weight: RARE }];
}
