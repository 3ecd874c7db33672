import { CLOSE_RANGE } from './close-range.js';
import { AT, F, O } from './fcntl.js';
import { RENAME, SEEK } from './fs.js';
import { IFF } from './if.js';
import { FIO, FS_IOC, LOOP, NS_GET, SECCOMP_IOCTL, TIO, TUN } from './ioctls.js';
import { MFD } from './memfd.js';
import { MAP, PROT } from './mman.js';
import { FSCONFIG, FSMOUNT, FSOPEN, FSPICK, MOUNT_ATTR, MOVE_MOUNT, MS, OPEN_TREE } from './mount.js';
import { RESOLVE } from './openat2.js';
import { PIDFD, PIDFD_GET } from './pidfd.js';
import { PR } from './prctl.js';
import { LINUX_REBOOT } from './reboot.js';
import { RLIMIT } from './resource.js';
import { CLONE } from './sched.js';
import { SECBIT } from './securebits.js';
import { SIG, signalName } from './signal.js';
import { SIOC } from './sockios.js';
import { AF, MSG, SOCK } from './socket.js';
import { SPLICE } from './splice.js';
import { S, STATX } from './stat.js';
import { MNT } from './umount.js';
import { P, W } from './wait.js';

type Constants = Readonly<Record<string, number>>;

/** The request numbers of ioctl(2), whatever they are for. */
const IOCTL = {
  ...TIO,
  ...FIO,
  ...NS_GET,
  ...FS_IOC,
  ...LOOP,
  ...TUN,
  ...SECCOMP_IOCTL,
  ...PIDFD_GET,
  ...SIOC,
};

/** Sets of constants by the word that the argument lists of `SYSCALLS` use for them. */
export const FLAG_SETS: Readonly<Record<string, Constants>> = {
  AF,
  AT,
  CLONE,
  CLOSE_RANGE,
  F,
  FSCONFIG,
  FSMOUNT,
  FSOPEN,
  FSPICK,
  IFF,
  IOCTL,
  LINUX_REBOOT,
  MAP,
  MFD,
  MNT,
  MOUNT_ATTR,
  MOVE_MOUNT,
  MS,
  MSG,
  O,
  OPEN_TREE,
  P,
  PIDFD,
  PR,
  PROT,
  RENAME,
  RESOLVE,
  RLIMIT,
  S,
  SECBIT,
  SEEK,
  SIG,
  SOCK,
  SPLICE,
  STATX,
  W,
};

/** Sets whose members are alternatives, not bits. */
const ENUMERATIONS = new Set([
  'AF',
  'F',
  'FSCONFIG',
  'IOCTL',
  'LINUX_REBOOT',
  'P',
  'PR',
  'RLIMIT',
  'SEEK',
  'SIG',
]);

const bitCount = (value: bigint): number => value.toString(2).replaceAll('0', '').length;

/** The names and bits of a set of flags, those of many bits first, so that `O_SYNC` is not read as `O_DSYNC`. */
const flagsOf = (constants: Constants): readonly (readonly [name: string, bits: bigint])[] =>
  Object.entries(constants)
    .filter(([, value]) => value > 0)
    .map(([name, value]) => [name, BigInt(value)] as const)
    .toSorted(([, left], [, right]) => bitCount(right) - bitCount(left));

const FLAGS = new Map<string, ReturnType<typeof flagsOf>>();

/**
 * A value as the constants it is made of: `MS_BIND|MS_REC`.
 *
 * @remarks
 * Bits without a name come last, in hexadecimal. Where a value is one of several and not a sum (`FSCONFIG`, `PR`,
 * `SIG`, `F`, `IOCTL`…) the answer is its name or the plain number. Zero without a name is `0`. Of two names for one
 * bit (`AT_REMOVEDIR`, `AT_EACCESS`) the answer has the first.
 */
export function flagText(set: string, value: number | bigint): string {
  const constants = FLAG_SETS[set];
  if (constants === undefined) return String(value);
  if (set === 'SIG') return value === 0 || value === 0n ? '0' : signalName(Number(value));
  if (ENUMERATIONS.has(set) || value < 0) {
    const name = Object.keys(constants).find((key) => constants[key] === Number(value));
    return name ?? (set === 'IOCTL' ? `0x${value.toString(16)}` : String(value));
  }
  let flags = FLAGS.get(set);
  if (flags === undefined) FLAGS.set(set, (flags = flagsOf(constants)));
  const names = new Set<string>();
  let rest = BigInt(value);
  for (const [name, bits] of flags) {
    if ((rest & bits) !== bits) continue;
    names.add(name);
    rest &= ~bits;
  }
  const text = Object.keys(constants).filter((name) => names.has(name));
  if (rest !== 0n) text.push(`0x${rest.toString(16)}`);
  return text.length > 0 ? text.join('|') : '0';
}
