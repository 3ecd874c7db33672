import {
  addressOf,
  BPF_ATTACH,
  BPF_CMD,
  BPF_F,
  BPF_PROG_TYPE,
  O,
  openat2,
  OwnedFd,
  syscall,
} from '@ns/syscall';

/** How `bpftool prog` shows ours, and how we know it again. */
const NAME = 'ns_devices';
/** Of `union bpf_attr`: more than any command here uses. */
const ATTR_SIZE = 128;
/** Programs in one group; the kernel allows 64. */
const MAX_PROGRAMS = 64;

const HINTS = {
  EPERM:
    'attaching a device filter needs CAP_SYS_ADMIN, or CAP_BPF and CAP_NET_ADMIN, in the initial user namespace',
  EINVAL: 'the kernel needs CONFIG_CGROUP_BPF',
  ENOSYS: 'the kernel needs CONFIG_BPF_SYSCALL',
};

/**
 * Have a program decide on the devices of a cgroup of version 2: in place of the one that we attached before, without a
 * moment in which neither decides. See bpf(2), `BPF_PROG_ATTACH`.
 *
 * @remarks
 * The program lives as long as the cgroup. Others that are attached here or above have to allow a request too.
 */
export function attachDeviceProgram(directory: string, program: Uint8Array): void {
  using group = openat2(directory, { flags: O.O_RDONLY | O.O_DIRECTORY });
  using loaded = loadDeviceProgram(program);
  using old = findOurs(group.fd, directory);
  const attr = Buffer.alloc(ATTR_SIZE);
  attr.writeUInt32LE(group.fd, 0);
  attr.writeUInt32LE(loaded.fd, 4);
  attr.writeUInt32LE(BPF_ATTACH.BPF_CGROUP_DEVICE, 8);
  attr.writeUInt32LE(BPF_F.BPF_F_ALLOW_MULTI | (old === undefined ? 0 : BPF_F.BPF_F_REPLACE), 12);
  if (old !== undefined) attr.writeUInt32LE(old.fd, 16);
  bpf(`attach a device filter to ${directory}`, BPF_CMD.BPF_PROG_ATTACH, attr, directory);
}

/**
 * Load a program of type `BPF_PROG_TYPE_CGROUP_DEVICE`.
 *
 * @throws SyscallError EACCES or EINVAL when the kernel's verifier does not accept it.
 */
export function loadDeviceProgram(program: Uint8Array): OwnedFd {
  const instructions = Buffer.from(program);
  const license = Buffer.from('MIT\0');
  const attr = Buffer.alloc(ATTR_SIZE);
  attr.writeUInt32LE(BPF_PROG_TYPE.BPF_PROG_TYPE_CGROUP_DEVICE, 0);
  attr.writeUInt32LE(program.length / 8, 4);
  attr.writeBigUInt64LE(addressOf(instructions), 8);
  attr.writeBigUInt64LE(addressOf(license), 16);
  attr.write(NAME, 48, 15, 'latin1');
  return new OwnedFd(bpf('load a device filter', BPF_CMD.BPF_PROG_LOAD, attr));
}

/** The program of ours that is attached to this very group. */
function findOurs(groupFd: number, directory: string): OwnedFd | undefined {
  const ids = Buffer.alloc(MAX_PROGRAMS * 4);
  const attr = Buffer.alloc(ATTR_SIZE);
  attr.writeUInt32LE(groupFd, 0);
  attr.writeUInt32LE(BPF_ATTACH.BPF_CGROUP_DEVICE, 4);
  attr.writeBigUInt64LE(addressOf(ids), 16);
  attr.writeUInt32LE(MAX_PROGRAMS, 24);
  bpf(`list the device filters of ${directory}`, BPF_CMD.BPF_PROG_QUERY, attr, directory);
  const count = attr.readUInt32LE(24);
  for (let index = 0; index < count; index++) {
    const program = openById(ids.readUInt32LE(index * 4));
    if (nameOf(program.fd) === NAME) return program;
    program.close();
  }
  return undefined;
}

function openById(id: number): OwnedFd {
  const attr = Buffer.alloc(ATTR_SIZE);
  attr.writeUInt32LE(id, 0);
  return new OwnedFd(bpf(`open BPF program ${id}`, BPF_CMD.BPF_PROG_GET_FD_BY_ID, attr));
}

/** Of `struct bpf_prog_info`: up to the name. */
const INFO = { size: 80, name: 64 };

function nameOf(fd: number): string {
  const info = Buffer.alloc(INFO.size);
  const attr = Buffer.alloc(ATTR_SIZE);
  attr.writeUInt32LE(fd, 0);
  attr.writeUInt32LE(info.length, 4);
  attr.writeBigUInt64LE(addressOf(info), 8);
  bpf('ask for the name of a BPF program', BPF_CMD.BPF_OBJ_GET_INFO_BY_FD, attr);
  return info.toString('latin1', INFO.name).replace(/\0.*/s, '');
}

function bpf(what: string, command: number, attr: Buffer, path?: string): number {
  return syscall({ what, path, hints: HINTS }, 'bpf', command, attr, attr.length);
}
