import { shareTag } from './plan.ts';

/** The hardware, and what the kernel is told. */
export interface Machine {
  readonly image: string;
  readonly initramfs: string;
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly shares: readonly string[];
  readonly isAppArmorOn: boolean;
  /** `tcg` emulates every instruction; `kvm` needs a machine that lets its guests have it. */
  readonly accelerator: 'tcg' | 'kvm';
  /** More of the kernel's command line. */
  readonly kernelArguments: string;
}

/** The ports between the two, in the order of the descriptors that the emulator gets, the first being 3. */
export const PORTS = ['console', 'plan', 'stdin', 'stdout', 'stderr', 'status'] as const;

/** `mitigations=off` and what follows save time that is lost in an emulated machine; none changes what tests see. */
const KERNEL =
  'console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable no_timer_check nokaslr cryptomgr.notests';

/** The arguments of qemu-system-x86_64. */
export function emulatorArguments(machine: Machine): string[] {
  const kernel = [
    KERNEL,
    machine.isAppArmorOn ? 'apparmor=1 security=apparmor' : 'apparmor=0',
    machine.kernelArguments,
  ];
  const processor =
    machine.accelerator === 'kvm'
      ? ['-accel', 'kvm', '-cpu', 'host']
      : // A fifth level of page tables makes each walk longer.
        ['-accel', 'tcg,thread=multi,tb-size=512', '-cpu', 'max,la57=off'];
  return [
    '-M q35 -nodefaults -no-user-config -display none -no-reboot -nic none'.split(' '),
    processor,
    ['-smp', String(machine.cpus), '-m', `${machine.memoryMiB}M`],
    ['-kernel', machine.image, '-initrd', machine.initramfs, '-append', kernel.join(' ').trim()],
    folder('machine', '/', true),
    machine.shares.flatMap((path, index) => folder(shareTag(index), path, false)),
    ['-device', 'virtio-serial-pci'],
    PORTS.flatMap((name, index) => port(name, index + 3)),
  ].flat();
}

/** A directory of the machine, by 9p. Only root can give files to other owners, so others do not try. */
function folder(tag: string, path: string, isReadonly: boolean): string[] {
  const security = process.getuid?.() === 0 ? 'passthrough' : 'none';
  const options = [`local,id=${tag}`, `path=${path.replaceAll(',', ',,')}`, `security_model=${security}`];
  return [
    '-fsdev',
    // One file system id for all that is mounted below: numbers of files are mapped so that none comes twice.
    [...options, 'multidevs=remap', ...(isReadonly ? ['readonly=on'] : [])].join(','),
    '-device',
    `virtio-9p-pci,fsdev=${tag},mount_tag=${tag}`,
  ];
}

/** The console is a serial line, which works from the first message on; all others are ports with a name. */
function port(name: string, descriptor: number): string[] {
  const socket = ['-chardev', `socket,id=${name},fd=${descriptor}`];
  if (name === 'console') return [...socket, '-serial', 'chardev:console'];
  return [...socket, '-device', `virtserialport,chardev=${name},name=${name}`];
}
