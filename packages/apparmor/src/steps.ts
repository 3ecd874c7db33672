import {
  AT,
  call,
  cstr,
  fail,
  group,
  load,
  MAGIC,
  O,
  RESOLVE,
  scratch,
  slot,
  STATFS_OFFSETS,
  STATFS_SIZE,
  STATX,
  STATX_OFFSETS,
  STATX_SIZE,
  struct,
  when,
  type Operand,
  type Step,
} from '@ns/syscall';

import { checkProfileName } from './name.js';

const FILE = 'thread-self/attr/apparmor/exec';
/** The inode of the root of every procfs: `PROC_ROOT_INO`. */
const PROC_ROOT_INODE = 1;

/** Neither out of this procfs nor across anything that is mounted in it. */
const HOW = struct([
  ['flags', 8, O.O_WRONLY | O.O_CLOEXEC, 'O_WRONLY|O_CLOEXEC'],
  ['mode', 8, 0],
  [
    'resolve',
    8,
    RESOLVE.RESOLVE_BENEATH | RESOLVE.RESOLVE_NO_XDEV | RESOLVE.RESOLVE_NO_MAGICLINKS,
    'RESOLVE_BENEATH|RESOLVE_NO_XDEV|RESOLVE_NO_MAGICLINKS',
  ],
]);

/**
 * Steps after which the next execve(2) of this thread changes to a profile, which its children inherit.
 *
 * @remarks
 * What is written to must be the kernel's own file, or a container would run unconfined and nobody would know
 * (CVE-2019-16884, CVE-2019-19921, CVE-2025-52881). So it is checked, by descriptor, that `proc` is the root of a procfs;
 * the file is opened without crossing a mount, so that nothing can be mounted over it; and the descriptor that is
 * written to is checked to be on a procfs again.
 *
 * Comes as late as possible: before execve(2), and before a seccomp filter. It needs no privilege. Where
 * no_new_privs is set, an unconfined process can still become confined.
 *
 * @param options.profile - A loaded profile's name. For "unconfined" leave the steps out.
 * @param options.proc - A descriptor of the root of a procfs that shows this process: the container's own, before
 * anything is mounted over it, or the host's.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for what is not a profile's name.
 */
export function changeProfileOnExec(options: { readonly profile: string; readonly proc: Operand }): Step[] {
  const { profile, proc } = options;
  checkProfileName(profile);
  const file = slot('attr/apparmor/exec');
  const command = `exec ${profile}`;
  return [
    group(
      `AppArmor profile ${profile}`,
      ...requireProcfs(proc, 'the procfs through which the profile is set'),
      requireRoot(proc),
      call('openat2', [proc, cstr(FILE), HOW, 24], {
        what: 'open the file that sets the AppArmor profile',
        object: `/proc/${FILE}`,
        hints: {
          ENOENT: 'this kernel has no AppArmor, or /proc does not show this process',
          EXDEV: 'something is mounted over it: the profile is not set there',
          ELOOP: 'it is a link of a kind that procfs does not have',
        },
        into: file,
      }),
      ...requireProcfs(file, 'the file that sets the AppArmor profile'),
      call('write', [file, cstr(command), Buffer.byteLength(command)], {
        what: `change to the AppArmor profile ${profile} on exec`,
        object: profile,
        hints: {
          ENOENT: 'the profile is not loaded: apparmor_parser -r FILE',
          EACCES: 'the profile that confines this process does not allow changing to another',
          EPERM: 'this process may not gain what the profile allows (no_new_privs)',
          EINVAL: 'AppArmor is not enabled, or this is not a profile’s name',
        },
      }),
      call('close', [file], { what: 'close the file that sets the AppArmor profile' }),
    ),
  ];
}

function requireProcfs(fd: Operand, name: string): Step[] {
  const statfs = scratch(STATFS_SIZE, 'struct statfs');
  const type = slot('file system type');
  return [
    call('fstatfs', [fd, statfs], { what: `see what file system ${name} is on` }),
    load(type, statfs, STATFS_OFFSETS.f_type, 8),
    when(
      [type, '!=', MAGIC.PROC_SUPER_MAGIC],
      [
        fail('EXDEV', {
          what: `check that ${name} is the kernel’s`,
          hints: { EXDEV: 'something else is mounted on /proc: the profile is not set there' },
        }),
      ],
    ),
  ];
}

/** A folder within a procfs would lead to another process's files, or to none. */
function requireRoot(proc: Operand): Step {
  const statx = scratch(STATX_SIZE, 'struct statx');
  const inode = slot('inode');
  return group(
    'the root of a procfs',
    call('statx', [proc, cstr(''), AT.AT_EMPTY_PATH, STATX.STATX_INO, statx], {
      what: 'look at the root of the procfs',
    }),
    load(inode, statx, STATX_OFFSETS.stx_ino, 8),
    when(
      [inode, '!=', PROC_ROOT_INODE],
      [
        fail('ENOTDIR', {
          what: 'check that the procfs is the whole of it',
          hints: { ENOTDIR: 'give the root of a procfs' },
        }),
      ],
    ),
  );
}
