/**
 * Constants of `<asm/signal.h>`, `<asm/siginfo.h>`.
 */

/** Signals with a name. See signal(7). The real-time signals have none: {@link signalNumber} knows them. */
export const SIG = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

/** Dispositions that are not functions. See sigaction(2). */
export const SIG_HANDLER = {
  SIG_DFL: 0,
  SIG_IGN: 1,
} as const;

/** First argument of rt_sigprocmask(2). */
export const SIG_HOW = {
  SIG_BLOCK: 0,
  SIG_UNBLOCK: 1,
  SIG_SETMASK: 2,
} as const;

/** Flags of `struct sigaction`. `SA_RESTORER` is for x86-64 only and is left to the C library. */
export const SA = {
  SA_NOCLDSTOP: 0x1,
  SA_NOCLDWAIT: 0x2,
  SA_SIGINFO: 0x4,
  SA_ONSTACK: 0x8000000,
  SA_RESTART: 0x10000000,
  SA_NODEFER: 0x40000000,
  SA_RESETHAND: 0x80000000,
} as const;

/** Why SIGCHLD was sent: `si_code`. See waitid(2). */
export const CLD = {
  CLD_EXITED: 1,
  CLD_KILLED: 2,
  CLD_DUMPED: 3,
  CLD_TRAPPED: 4,
  CLD_STOPPED: 5,
  CLD_CONTINUED: 6,
} as const;

/** Who sent a signal: `si_code`. */
export const SI = {
  SI_USER: 0,
  SI_KERNEL: 128,
  SI_QUEUE: -1,
  SI_TKILL: -6,
} as const;

/** First real-time signal that programs may use: the C library keeps the kernel's first two, 32 and 33. */
export const SIGRTMIN = 34;
/** Last signal. */
export const SIGRTMAX = 64;

const NAMES = new Map<number, string>(Object.entries(SIG).map(([name, number]) => [number, name]));
const NUMBERS = new Map<string, number>([
  ...Object.entries(SIG),
  ['SIGIOT', SIG.SIGABRT],
  ['SIGCLD', SIG.SIGCHLD],
  ['SIGPOLL', SIG.SIGIO],
  ['SIGRTMIN', SIGRTMIN],
  ['SIGRTMAX', SIGRTMAX],
]);

/** `SIGTERM` for 15, `SIGRTMIN+3` for 37, `signal 99` for a number that is no signal. */
export function signalName(signal: number): string {
  const name = NAMES.get(signal);
  if (name !== undefined) return name;
  if (signal === SIGRTMIN) return 'SIGRTMIN';
  if (signal === SIGRTMAX) return 'SIGRTMAX';
  return signal > SIGRTMIN && signal < SIGRTMAX ? `SIGRTMIN+${signal - SIGRTMIN}` : `signal ${signal}`;
}

/**
 * The number of a signal written as people write it: `SIGTERM`, `term`, `15`, `SIGRTMIN+3`, `RTMAX-1`.
 *
 * @returns `undefined` when there is no such signal.
 */
export function signalNumber(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    return number >= 1 && number <= SIGRTMAX ? number : undefined;
  }
  const upper = text.toUpperCase();
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  const known = NUMBERS.get(name);
  if (known !== undefined) return known;
  const realTime = /^SIGRT(?:MIN\+|MAX-)(\d+)$/.exec(name);
  if (!realTime) return undefined;
  const offset = Number(realTime[1]);
  if (offset > SIGRTMAX - SIGRTMIN) return undefined;
  return name.startsWith('SIGRTMIN') ? SIGRTMIN + offset : SIGRTMAX - offset;
}

/** The kernel's 64-bit signal set: bit `n - 1` for signal `n`. */
export function sigset(...signals: readonly number[]): bigint {
  return signals.reduce((set, signal) => set | (1n << BigInt(signal - 1)), 0n);
}
