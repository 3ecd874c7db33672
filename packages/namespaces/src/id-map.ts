import { AT, O, call, cstr, fail, group, scratch, slot, when, type Operand, type Step } from '@ns/syscall';

import { receiveFd, sendByte, sendFd } from './fd-passing.js';
import { invalid } from './invalid.js';
import type { IdMapping } from './spec.js';

/** The kernel's limits: lines of a map (4.15), and bytes of the one write that sets it. See user_namespaces(7). */
const MAX_LINES = 340;
const MAX_TEXT = 4095;
/** The id 4294967295 means "no id". */
const MAX_ID = 0xffff_fffe;

/**
 * Check a uid or gid map of a new user namespace.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` when it is empty, does not map id 0 (the container's first process
 * starts as root), has ids outside 32 bits, overlapping ranges, or is longer than the kernel takes.
 */
export function checkIdMap(kind: 'uid' | 'gid', map: readonly IdMapping[]): void {
  const operation = `${kind} map`;
  checkIdRanges(operation, map);
  if (!map.some(({ inside }) => inside === 0)) {
    throw invalid(operation, 'id 0 of the container is not mapped', {
      hint: 'add a mapping whose inside is 0: the first process starts as root of its user namespace',
    });
  }
}

/** As {@link checkIdMap}, for a map that need not have id 0: that of an id-mapped mount. */
export function checkIdRanges(operation: string, map: readonly IdMapping[]): void {
  if (map.length === 0) {
    throw invalid(operation, 'no mapping given', { hint: 'give at least one { inside, outside, length }' });
  }
  if (map.length > MAX_LINES) {
    throw invalid(operation, `${map.length} mappings are more than the kernel's ${MAX_LINES}`);
  }
  for (const { inside, outside, length } of map) {
    const text = `${inside}:${outside}:${length}`;
    if (![inside, outside, length].every((id) => Number.isSafeInteger(id) && id >= 0) || length === 0) {
      throw invalid(operation, `mapping ${text} has a part that is not a positive integer`);
    }
    if (inside + length - 1 > MAX_ID || outside + length - 1 > MAX_ID) {
      throw invalid(operation, `mapping ${text} goes beyond the largest id, ${MAX_ID}`);
    }
  }
  for (const side of ['inside', 'outside'] as const) {
    const sorted = map.toSorted((left, right) => left[side] - right[side]);
    sorted.slice(1).forEach((next, index) => {
      const previous = sorted[index]!;
      if (previous[side] + previous.length > next[side]) {
        throw invalid(operation, `two mappings overlap at ${side} id ${next[side]}`);
      }
    });
  }
  const { length } = idMapText(map);
  if (length > MAX_TEXT) {
    throw invalid(operation, `its text of ${length} bytes is longer than the kernel's ${MAX_TEXT}`, {
      hint: 'join neighbouring ranges',
    });
  }
}

/** A map as `/proc/PID/uid_map` takes it. */
export const idMapText = (map: readonly IdMapping[]): string =>
  map.map(({ inside, outside, length }) => `${inside} ${outside} ${length}\n`).join('');

/**
 * In the child, just after clone3(2) with `CLONE_NEWUSER`: have the monitor write the maps ({@link writeIdMaps}), and
 * wait until it has.
 *
 * @remarks
 * The child sends its own `/proc` directory as a descriptor: the monitor need not find the child by a number.
 */
export function requestIdMaps(options: { readonly socket: Operand }): readonly Step[] {
  const self = slot('/proc/self');
  return [
    group(
      'have the id maps written',
      call('openat', [AT.AT_FDCWD, cstr('/proc/self'), O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC, 0], {
        what: 'open /proc/self',
        object: '/proc/self',
        into: self,
        hints: { ENOENT: 'proc must be mounted on /proc of the host' },
      }),
      sendFd({ socket: options.socket, fd: self, what: 'send /proc/self to the monitor' }),
      awaitIdMaps(options),
    ),
  ];
}

/**
 * In the child: wait for the byte that says that the maps are written, by the monitor or by whoever ran
 * {@link runNewIdMap}.
 */
export function awaitIdMaps(options: { readonly socket: Operand }): readonly Step[] {
  const length = slot('length');
  const what = 'wait for the id maps';
  return [
    call('read', [options.socket, scratch(1, 'byte'), 1], { what, into: length }),
    when(
      [length, '==', 0],
      [fail('EPIPE', { what, hints: { EPIPE: 'the process that writes the maps has ended' } })],
    ),
  ];
}

/** What {@link writeIdMaps} needs. */
export interface WriteIdMaps {
  readonly socket: Operand;
  readonly uidMap: readonly IdMapping[];
  readonly gidMap: readonly IdMapping[];
  /** Forbid setgroups(2) for good: the kernel demands it of a monitor without CAP_SETGID. Default false. */
  readonly denySetgroups?: boolean;
  /** What is done when the child has ended without asking. */
  readonly closed: readonly Step[];
}

/** In the monitor: receive the child's `/proc` directory, write the maps of its user namespace, tell it to go on. */
export function writeIdMaps(options: WriteIdMaps): readonly Step[] {
  const self = slot("child's /proc");
  return [
    group(
      'write the id maps',
      receiveFd({
        socket: options.socket,
        into: self,
        what: "receive the child's /proc",
        closed: options.closed,
      }),
      writeMaps(self, options),
      call('close', [self], { what: "close the child's /proc" }),
      sendByte(options.socket, 'tell the child that its ids are mapped'),
    ),
  ];
}

/** The writes themselves, relative to a `/proc/PID` directory. */
export function writeMaps(
  directory: Operand,
  options: Pick<WriteIdMaps, 'uidMap' | 'gidMap' | 'denySetgroups'>,
): readonly Step[] {
  const hints = {
    EPERM:
      'the ids are not yours to map: root may map any, others their own id, or those of /etc/subuid and /etc/subgid with newuidmap',
    EINVAL:
      'the kernel refuses the map: ranges overlap, or name ids that the own user namespace does not have',
  };
  const write = (name: string, text: string): readonly Step[] => {
    const file = slot(name);
    return [
      call('openat', [directory, cstr(name), O.O_WRONLY | O.O_CLOEXEC, 0], {
        what: `open ${name}`,
        object: name,
        into: file,
      }),
      call('write', [file, cstr(text), text.length], { what: `write ${name}`, object: name, hints }),
      call('close', [file], { what: `close ${name}` }),
    ];
  };
  return [
    ...write('uid_map', idMapText(options.uidMap)),
    // CVE-2014-8989: without this, dropping a group could give access that the group was denied.
    ...(options.denySetgroups === true ? write('setgroups', 'deny') : []),
    ...write('gid_map', idMapText(options.gidMap)),
  ];
}

/**
 * In the child, once its ids are mapped: become root of the user namespace.
 *
 * @remarks
 * Groups before users: afterwards the right to change groups may be gone. The supplementary groups stay for the driver
 * to set.
 */
export function becomeRoot(): readonly Step[] {
  const hints = { EINVAL: 'id 0 is not mapped in the user namespace' };
  return [
    call('setresgid', [0, 0, 0], { what: 'become group 0 of the user namespace', hints }),
    call('setresuid', [0, 0, 0], { what: 'become user 0 of the user namespace', hints }),
  ];
}
