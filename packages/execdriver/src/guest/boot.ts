import { AT, call, cstr, group, LINUX_REBOOT, LINUX_REBOOT_MAGIC, MS, O, slot, type Step } from '@ns/syscall';

import { DESCRIPTOR } from '../native/descriptors.js';

/** Where the shared directory is mounted in the guest. */
export const HOST = '/host';

/** A directory of the initial ramdisk with the kernel's modules, whose names are numbers: the order in which they load. */
export const moduleFile = (index: number): string => `modules/${index}.ko`;

/**
 * The first steps of the guest's first process: modules, a root that can be pivoted away from, and the kernel's own file
 * systems.
 *
 * @param modules - How many there are in the initial ramdisk.
 * @param hasReaper - It also holds the init of the container.
 */
export function boot(modules: number, hasReaper: boolean): Step[] {
  return [
    group('modules', ...Array.from({ length: modules }, (_, index) => loadModule(`/${moduleFile(index)}`))),
    ...(hasReaper ? openReaper() : []),
    group('a root of the machine', ...newRoot()),
    group('file systems of the kernel', ...kernelTrees()),
  ];
}

function loadModule(path: string): Step[] {
  const file = slot(path);
  return [
    call('openat', [AT.AT_FDCWD, cstr(path), O.O_RDONLY | O.O_CLOEXEC, 0], {
      what: `open ${path}`,
      object: path,
      into: file,
    }),
    call('finit_module', [file, cstr(''), 0], { what: `load ${path}`, object: path, tolerate: ['EEXIST'] }),
    call('close', [file], { what: `close ${path}` }),
  ];
}

/** The init of a container that has one: out of reach once the root is another. */
export const REAPER_FILE = 'reaper';

function openReaper(): Step[] {
  const file = slot('reaper');
  return [
    call('openat', [AT.AT_FDCWD, cstr(`/${REAPER_FILE}`), O.O_PATH | O.O_CLOEXEC, 0], {
      what: 'open the init of the container',
      into: file,
    }),
    call('dup3', [file, DESCRIPTOR.reaper, O.O_CLOEXEC], { what: 'put it where it is expected' }),
  ];
}

/** The initial ramdisk cannot be pivoted away: see pivot_root(2). */
const newRoot = (): Step[] => [
  call('mkdirat', [AT.AT_FDCWD, cstr('/machine'), 0o755], { what: 'make a directory for the root' }),
  call('mount', [cstr('root'), cstr('/machine'), cstr('tmpfs'), 0, cstr('mode=755')], {
    what: 'mount a tmpfs for the root',
  }),
  call('chdir', [cstr('/machine')], { what: 'go there' }),
  call('mount', [cstr('.'), cstr('/'), cstr(''), MS.MS_MOVE, 0], { what: 'put it over the initial ramdisk' }),
  call('chroot', [cstr('.')], { what: 'make it the root' }),
  call('chdir', [cstr('/')], { what: 'go to the root' }),
];

const kernelTrees = (): Step[] =>
  (
    [
      ['/dev', 'devtmpfs'],
      ['/proc', 'proc'],
      ['/sys', 'sysfs'],
    ] as const
  ).flatMap(([path, type]) => [
    call('mkdirat', [AT.AT_FDCWD, cstr(path), 0o755], { what: `make ${path}` }),
    call('mount', [cstr(type), cstr(path), cstr(type), 0, 0], { what: `mount ${path}`, object: path }),
  ]);

/** The end of the machine. */
export function powerOff(): Step[] {
  const { LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2 } = LINUX_REBOOT_MAGIC;
  return [
    call('sync', [], { what: 'write everything back' }),
    call('reboot', [LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT.LINUX_REBOOT_CMD_POWER_OFF, 0], {
      what: 'power off',
    }),
  ];
}
