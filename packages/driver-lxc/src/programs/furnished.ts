import type { ContainerSpec } from '@ns/execdriver';
import { newTimeNamespace, readonlyRoot } from '@ns/namespaces';
import { AT, call, cstr, group, MNT, MS, type Step } from '@ns/syscall';

import { DESCRIPTOR } from '../descriptors.js';
import { enterCgroupNamespace, INNER } from './parts.js';

/** What the inner program does first: it is in the container by now, with its mounts. */
export function furnished(spec: ContainerSpec): Step[] {
  return [
    call('mount', [cstr(''), cstr('/'), cstr(''), MS.MS_SLAVE | MS.MS_REC, 0], {
      what: 'let mounts in the container be its own',
      object: '/',
    }),
    group(
      'leave no trace of how it came here',
      call('umount2', [cstr(INNER), MNT.MNT_DETACH | MNT.UMOUNT_NOFOLLOW], { what: `unmount ${INNER}` }),
      call('unlinkat', [AT.AT_FDCWD, cstr(INNER), AT.AT_REMOVEDIR], { what: `remove ${INNER}` }),
      spec.defaultMounts === false
        ? [
            call('umount2', [cstr('/dev'), MNT.MNT_DETACH | MNT.UMOUNT_NOFOLLOW], {
              what: 'unmount /dev',
              // A user namespace may not take away what the host has mounted.
              tolerate: ['EINVAL'],
            }),
          ]
        : [],
      [0, 1, 2].map((fd) =>
        call('dup3', [DESCRIPTOR.streams + fd, fd, 0], { what: `take descriptor ${fd} of the container` }),
      ),
    ),
    ...enterCgroupNamespace(spec.namespaces?.cgroup),
    ...(spec.namespaces?.time === 'new' ? newTimeNamespace(spec.timeOffsets) : []),
    ...(spec.readonlyRoot === true ? readonlyRoot() : []),
  ];
}
