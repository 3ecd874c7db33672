import { bytes, call, PR, SIG, SIG_HOW, struct, type Data, type Step } from '@ns/syscall';

/** The kernel's `sizeof(sigset_t)`. */
export const SIGSET_SIZE = 8;
export const ALL_SIGNALS: Data = bytes(new Uint8Array(SIGSET_SIZE).fill(0xff), '[all]');
const NO_SIGNALS = bytes(new Uint8Array(SIGSET_SIZE), '[]');

const setMask = (mask: Data, what: string): Step =>
  call('rt_sigprocmask', [SIG_HOW.SIG_SETMASK, mask, 0, SIGSET_SIZE], { what });

export const blockSignals = (): Step => setMask(ALL_SIGNALS, 'block all signals');

/** As a program expects to find them: libvirt’s programs ignore SIGPIPE. */
export const plainSignals = (): Step[] => [
  setMask(NO_SIGNALS, 'unblock all signals'),
  call('rt_sigaction', [SIG.SIGPIPE, DEFAULT_ACTION, 0, SIGSET_SIZE], {
    what: 'have SIGPIPE end the program',
  }),
];

/** `struct kernel_sigaction`, whose `SIG_DFL` is 0. */
const DEFAULT_ACTION = struct([
  ['handler', 8, 0, 'SIG_DFL'],
  ['flags', 8, 0],
  ['restorer', 8, 0],
  ['mask', 8, 0],
]);

/** Of a child of the launcher. */
export const dieWithLauncher = (): Step[] => [
  call('prctl', [PR.PR_SET_PDEATHSIG, SIG.SIGKILL, 0, 0, 0], { what: 'die with the launcher' }),
  ...plainSignals(),
];
