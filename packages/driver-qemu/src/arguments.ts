import {
  EXEC_SLOTS,
  EXEC_STREAMS,
  execFd,
  execPort,
  EXPORT,
  FILE_SERVER,
  INITIAL_RAMDISK,
  MACHINE_FD,
  PORT,
} from '@ns/execdriver/guest';

/** The hardware of a virtual machine. */
export interface Hardware {
  /** The kernel's image, in the jail. */
  readonly kernel: string;
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly accelerator: 'kvm' | 'tcg';
  /** How the guest gets at its files: from the emulator itself, or from a server beside it. */
  readonly files: '9p' | 'virtiofs';
}

/**
 * What the kernel is told. A panic ends the machine. The `mitigations` are against programs of one machine that spy on each
 * other: an emulated processor does not speculate.
 */
export const kernelCommandLine = (accelerator: Hardware['accelerator']): string =>
  [
    'console=ttyS0 quiet panic=-1 cryptomgr.notests',
    ...(accelerator === 'tcg' ? ['mitigations=off tsc=reliable no_timer_check nokaslr'] : []),
  ].join(' ');

/** The arguments for the machine itself: nothing of it is left to defaults. */
export function machineArguments({
  memoryMiB,
  cpus,
  accelerator,
  files,
}: Omit<Hardware, 'kernel'>): string[] {
  const processor =
    accelerator === 'kvm'
      ? ['-accel', 'kvm', '-cpu', 'host']
      : // A fifth level of page tables makes each walk longer.
        ['-accel', 'tcg,thread=multi,tb-size=256', '-cpu', 'max,la57=off'];
  const memory = `${memoryMiB}M`;
  return [
    // The server of files reads and writes the machine's memory.
    ...(files === 'virtiofs'
      ? [
          '-object',
          `memory-backend-memfd,id=memory,size=${memory},share=on`,
          '-M',
          'q35,memory-backend=memory',
        ]
      : ['-M', 'q35']),
    '-nodefaults -no-user-config -display none -no-reboot -nic none'.split(' '),
    '-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'.split(' '),
    processor,
    ['-smp', String(cpus), '-m', memory],
  ].flat();
}

/**
 * The arguments of qemu-system-x86_64 for a guest of `@ns/execdriver/guest`. Nothing of a container is in them: what a guest
 * is told comes by its initial ramdisk.
 */
export function emulatorArguments(hardware: Hardware): string[] {
  const { kernel, accelerator, files } = hardware;
  return [
    'qemu-system-x86_64',
    machineArguments(hardware),
    ['-kernel', kernel, '-initrd', INITIAL_RAMDISK, '-append', kernelCommandLine(accelerator)],
    // The first device of virtio: the guest knows its ports by that number.
    ['-device', 'virtio-serial-pci'],
    files === 'virtiofs' ? SERVED_FILES : OWN_FILES,
    ['-device', 'virtio-rng-pci'],
    output('console', MACHINE_FD.console),
    ['-serial', 'chardev:console'],
    ['-chardev', 'stdio,id=stdin,signal=off', port('stdin')],
    [...output('stdout', MACHINE_FD.stdout), port('stdout')],
    [...output('stderr', MACHINE_FD.stderr), port('stderr')],
    [...fifo('control', MACHINE_FD.control), port('control')],
    [...output('events', MACHINE_FD.events), port('events')],
    Array.from({ length: EXEC_SLOTS }, (_, slot) =>
      EXEC_STREAMS.map((stream) => execStream(slot, stream)),
    ).flat(2),
  ].flat(2);
}

/** Files of several file systems: their numbers are mapped so that none comes twice. */
const OWN_FILES: readonly string[] = [
  '-fsdev',
  `local,id=host,path=${EXPORT},security_model=passthrough,multidevs=remap`,
  '-device',
  'virtio-9p-pci,fsdev=host,mount_tag=host',
];

const SERVED_FILES: readonly string[] = [
  '-chardev',
  `socket,id=files,path=${FILE_SERVER.address},abstract=on,tight=on`,
  '-device',
  'vhost-user-fs-pci,chardev=files,tag=host',
];

/** A descriptor that the emulator has been given. */
const output = (name: string, fd: number): string[] => [
  '-add-fd',
  `fd=${fd},set=${fd}`,
  '-chardev',
  `file,id=${name},path=/dev/fdset/${fd},append=on`,
];

/** One that is read, and open for writing too. */
const fifo = (name: string, fd: number): string[] => [
  '-add-fd',
  `fd=${fd},set=${fd}`,
  '-chardev',
  `pipe,id=${name},path=/dev/fdset/${fd}`,
];

/**
 * A port has no name: each would be a message more than the emulator can send at once while the guest has not read any (it has
 * room for 32), and drops.
 */
const device = (name: string, number: number): string[] => [
  '-device',
  `virtserialport,chardev=${name},nr=${number}`,
];

const port = (name: keyof typeof PORT): string[] => device(name, PORT[name]);

/** A stream of a program that is executed. */
function execStream(slot: number, stream: (typeof EXEC_STREAMS)[number]): string[] {
  const name = `exec-${slot}-${stream}`;
  const fd = execFd(slot, stream);
  return [
    ...(stream === 'input' ? fifo(name, fd) : output(name, fd)),
    ...device(name, execPort(slot, stream)),
  ];
}
