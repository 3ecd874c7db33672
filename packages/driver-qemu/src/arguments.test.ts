import { describe, expect, test } from 'vitest';

import { emulatorArguments, kernelCommandLine, machineArguments } from './arguments.js';

const HARDWARE = { kernel: '/kernel', memoryMiB: 512, cpus: 2, accelerator: 'tcg', files: '9p' } as const;
const args = emulatorArguments(HARDWARE);

/** The values of an option. */
const values = (name: string, all: readonly string[] = args): string[] =>
  all.flatMap((arg, index) => (arg === name ? [all[index + 1] ?? ''] : []));

describe('the arguments of the emulator', () => {
  test('are of the hardware', () => {
    expect(values('-m')).toEqual(['512M']);
    expect(values('-smp')).toEqual(['2']);
    expect(values('-kernel')).toEqual(['/kernel']);
    expect(values('-initrd')).toEqual(['/initrd']);
    expect(values('-accel')).toEqual(['tcg,thread=multi,tb-size=256']);
    expect(values('-accel', emulatorArguments({ ...HARDWARE, accelerator: 'kvm' }))).toEqual(['kvm']);
  });

  test('leave nothing to the emulator’s defaults: no network, no display, no monitor', () => {
    for (const option of ['-nodefaults', '-no-user-config', '-no-reboot']) expect(args).toContain(option);
    expect(values('-nic')).toEqual(['none']);
    expect(values('-display')).toEqual(['none']);
    expect(values('-sandbox')[0]).toBe(
      'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny',
    );
  });

  test('with KVM are those of the processor that is there, whose faults the guest’s kernel guards against', () => {
    const kvm = machineArguments({ ...HARDWARE, accelerator: 'kvm' });
    expect(values('-M', kvm)).toEqual(['q35']);
    expect(values('-cpu', kvm)).toEqual(['host']);
    expect(values('-cpu')).toEqual(['max,la57=off']);
    expect(kvm.join(' ')).not.toContain('tcg');
    expect(kernelCommandLine('kvm')).toBe('console=ttyS0 quiet panic=-1 cryptomgr.notests');
    expect(kernelCommandLine('tcg')).toContain('mitigations=off');
  });

  test('have a server of files read the machine’s memory', () => {
    const served = emulatorArguments({ ...HARDWARE, files: 'virtiofs' });
    expect(values('-object', served)).toEqual(['memory-backend-memfd,id=memory,size=512M,share=on']);
    expect(values('-M', served)).toEqual(['q35,memory-backend=memory']);
    expect(values('-m', served)).toEqual(['512M']);
    expect(values('-chardev', served)[0]).toBe('socket,id=files,path=ns-files,abstract=on,tight=on');
    expect(values('-device', served)).toContain('vhost-user-fs-pci,chardev=files,tag=host');
    expect(values('-fsdev', served)).toEqual([]);
    expect(values('-object')).toEqual([]);
  });

  test('share one directory', () => {
    expect(values('-fsdev')).toEqual([
      'local,id=host,path=/export,security_model=passthrough,multidevs=remap',
    ]);
  });

  test('have the ports first among the devices of virtio, without names', () => {
    const devices = values('-device');
    expect(devices[0]).toBe('virtio-serial-pci');
    const ports = devices.filter((device) => device.startsWith('virtserialport'));
    expect(ports.slice(0, 5)).toEqual([
      'virtserialport,chardev=stdin,nr=1',
      'virtserialport,chardev=stdout,nr=2',
      'virtserialport,chardev=stderr,nr=3',
      'virtserialport,chardev=control,nr=4',
      'virtserialport,chardev=events,nr=5',
    ]);
    expect(ports).toHaveLength(5 + 6 * 4);
  });

  test('give each port a descriptor of its own', () => {
    const sets = values('-add-fd');
    expect(new Set(sets).size).toBe(sets.length);
  });
});
