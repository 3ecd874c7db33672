import { AT, S, call, cstr, group, makedev, on, slot, when } from '@ns/syscall';
import type { Operand, Slot, Step } from '@ns/syscall';

import { containerPath } from './container-path.js';
import { openHostDevice } from './dev.js';
import { attachAt, copyTree } from './mount-attach.js';
import { openTarget } from './target.js';

/** A device node of a container. */
export interface DeviceNodeSpec {
  /** Absolute, inside the container; as a bind also on the host. */
  readonly path: string;
  /** `p` is a fifo, which has no numbers. */
  readonly type: 'c' | 'b' | 'p';
  readonly major: number;
  readonly minor: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

const TYPES = { c: S.S_IFCHR, b: S.S_IFBLK, p: S.S_IFIFO } as const;

/**
 * Make device nodes in the container's root: after its mounts, before {@link pivotRoot}.
 *
 * @remarks
 * A node that exists stays as it is. Where making one is refused (in a user namespace, or by a device cgroup) that of
 * the host is bound, if it is the device it shall be.
 *
 * @param options.bind - Bind all of them: a user namespace may not make any.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a path that is not absolute, or leaves the root.
 */
export function makeDevices(options: {
  readonly rootFd: Operand;
  readonly devices: readonly DeviceNodeSpec[];
  readonly bind: boolean;
}): readonly Step[] {
  const { rootFd, devices, bind } = options;
  const directories = new Map<string, Slot>();
  const steps = devices.flatMap((device) => {
    const path = containerPath('devices', 'path', device.path);
    const parent = path.slice(0, path.lastIndexOf('/'));
    const name = path.slice(parent.length + 1);
    const known = directories.get(parent);
    const directory = known ?? slot(parent);
    directories.set(parent, directory);
    const find =
      known !== undefined || parent === ''
        ? []
        : openTarget({
            rootFd,
            path: parent,
            kind: 'directory',
            what: `find or make ${parent} for ${path}`,
            into: directory,
          });
    return [...find, ...makeDevice(device, { directory: parent === '' ? rootFd : directory, name, bind })];
  });
  return steps.length === 0 ? [] : [group('devices', steps)];
}

interface Place {
  readonly directory: Operand;
  readonly name: string;
  readonly bind: boolean;
}

function makeDevice(device: DeviceNodeSpec, { directory, name, bind }: Place): readonly Step[] {
  const { path, type, mode, uid, gid } = device;
  const what = `create ${path}`;
  const made = slot(name);
  const bound = type === 'p' ? [] : bindDevice({ ...device, type }, directory, name);
  if (bind && type !== 'p') return bound;
  const dev = type === 'p' ? 0 : makedev(device.major, device.minor);
  return [
    call('mknodat', [directory, cstr(name), TYPES[type] | mode, dev], {
      what,
      object: path,
      into: made,
      on: [on(['EEXIST']), ...(type === 'p' ? [] : [on(['EPERM'], ...bound)])],
    }),
    ...(uid === 0 && gid === 0
      ? []
      : [
          when(
            [made, '==', 0],
            [
              call('fchownat', [directory, cstr(name), uid, gid, AT.AT_SYMLINK_NOFOLLOW], {
                what: `give ${path} to ${uid}:${gid}`,
                object: path,
              }),
            ],
          ),
        ]),
  ];
}

function bindDevice(
  device: DeviceNodeSpec & { readonly type: 'c' | 'b' },
  directory: Operand,
  name: string,
): readonly Step[] {
  const { path } = device;
  const what = `bind ${path} of the host`;
  const source = slot(`host's ${path}`);
  const tree = slot(path);
  return [
    call('mknodat', [directory, cstr(name), S.S_IFREG | 0o666, 0], {
      what: `create a mount point for ${path}`,
      tolerate: ['EEXIST'],
    }),
    ...openHostDevice(device, source),
    copyTree({ directory: source, recursive: false, what, into: tree }),
    attachAt({ mount: tree, directory, name, what }),
  ];
}

/** What programs expect in `/dev`, and where it leads. */
const LINKS: Readonly<Record<string, string>> = {
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
  ptmx: 'pts/ptmx',
};

/** The links of `/dev`; one that exists stays as it is. */
export function linkDevices(options: { readonly rootFd: Operand }): readonly Step[] {
  const dev = slot('/dev');
  return [
    group(
      'links of /dev',
      openTarget({ rootFd: options.rootFd, path: '/dev', kind: 'directory', what: 'find /dev', into: dev }),
      Object.entries(LINKS).map(([name, to]) =>
        call('symlinkat', [cstr(to), dev, cstr(name)], {
          what: `link /dev/${name} to ${to}`,
          tolerate: ['EEXIST'],
        }),
      ),
    ),
  ];
}
