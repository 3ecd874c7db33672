import { AT, CLONE, O, call, cstr, group, slot, type Slot, type Step } from '@ns/syscall';

import { copyTree } from './mount-attach.js';
import { HOW_SIZE, PLAIN_DIRECTORY } from './target.js';

/**
 * In the monitor, before clone3(2): a detached copy of `/dev/shm` of another container, for one that shares its ipc
 * namespace (`docker run --ipc container:NAME`).
 *
 * @remarks
 * A mount can be copied from inside its own mount namespace only: the monitor visits it with setns(2) and comes back.
 * It looks up one path there, without links, and touches nothing else. Needs CAP_SYS_ADMIN and CAP_SYS_CHROOT.
 *
 * @param options.pid - A process of the other container.
 */
export function openPeerShm(options: { readonly pid: number; readonly into: Slot }): readonly Step[] {
  const peer = slot('other container');
  const hints = { ESRCH: 'the other container has ended' };
  const home = slot('own mount namespace');
  const shm = slot('/dev/shm');
  const path = '/dev/shm';
  return [
    group(
      '/dev/shm of the other container',
      call('openat', [AT.AT_FDCWD, cstr('/proc/self/ns/mnt'), O.O_RDONLY | O.O_CLOEXEC, 0], {
        what: 'remember the own mount namespace',
        into: home,
      }),
      call('pidfd_open', [options.pid, 0], { what: `find process ${options.pid}`, hints, into: peer }),
      call('setns', [peer, CLONE.CLONE_NEWNS], {
        what: 'visit the mount namespace of the other container',
        hints,
      }),
      call('openat2', [AT.AT_FDCWD, cstr(path), PLAIN_DIRECTORY, HOW_SIZE], {
        what: 'open /dev/shm of the other container',
        object: path,
        into: shm,
      }),
      copyTree({
        directory: shm,
        recursive: true,
        what: 'copy the mount of /dev/shm of the other container',
        into: options.into,
      }),
      call('setns', [home, CLONE.CLONE_NEWNS], { what: 'return to the own mount namespace' }),
      call('close', [shm], { what: 'close /dev/shm of the other container' }),
      call('close', [peer], { what: 'close the pidfd' }),
      call('close', [home], { what: 'close the own mount namespace' }),
    ),
  ];
}
