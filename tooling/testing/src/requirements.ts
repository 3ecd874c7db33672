import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { debianIsMissing } from './debian.ts';

/** Something of the machine that a test needs. */
export interface Requirement {
  /** As a noun phrase: `root`, `a kernel with AppArmor`. */
  readonly name: string;
  /** What is missing, as a phrase, or undefined when the machine has it. */
  readonly missing: () => string | undefined;
  /** The Debian package that brings it. A machine that can install packages has no excuse for a skip. */
  readonly package?: string;
}

/** The path of an executable file on PATH (and in the sbin folders, which a user's PATH may lack). */
export function which(command: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, command))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return statSync(path).isFile();
      } catch {
        return false;
      }
    });
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

const command = (name: string, debian?: string): Requirement => ({
  name: `the command ${name}`,
  missing: () => (which(name) === undefined ? `${name} is not installed` : undefined),
  ...(debian === undefined ? {} : { package: debian }),
});

const fact = (name: string, holds: () => boolean, otherwise: string): Requirement => ({
  name,
  missing: () => (holds() ? undefined : otherwise),
});

/** What a test can name in `needs()`. */
export type RequirementName =
  | 'linux'
  | 'root'
  | 'x64'
  | 'gcc'
  | 'binutils'
  | 'binutils-aarch64'
  | 'gcc-aarch64'
  | 'qemu-aarch64'
  | 'busybox'
  | 'python3'
  | 'strace'
  | 'tmux'
  | 'jq'
  | 'mmdebstrap'
  | 'debootstrap'
  | 'debian-packages'
  | 'runc'
  | 'crun'
  | 'runsc'
  | 'criu'
  | 'bwrap'
  | 'newuidmap'
  | 'unshare'
  | 'libcap'
  | 'ip'
  | 'nft'
  | 'docker-cli'
  | 'nspawn'
  | 'lxc'
  | 'libvirt-lxc'
  | 'podman'
  | 'dockerd'
  | 'containerd'
  | 'qemu-system'
  | 'uml'
  | 'overlayfs'
  | 'apparmor'
  | 'user-namespaces'
  | 'time-namespaces';

/**
 * The requirements that tests name. One that a Debian package brings names it, and the package is in
 * `tooling/apt/test.txt`.
 */
export const REQUIREMENTS: Readonly<Record<RequirementName, Requirement>> = {
  linux: fact('Linux', () => process.platform === 'linux', `this is ${process.platform}`),
  root: fact('root', () => process.getuid?.() === 0, 'not running as root'),
  x64: fact('an x86-64 machine', () => process.arch === 'x64', `this is ${process.arch}`),
  gcc: command('gcc', 'gcc'),
  binutils: command('objdump', 'binutils'),
  'binutils-aarch64': command('aarch64-linux-gnu-objdump', 'binutils-aarch64-linux-gnu'),
  'gcc-aarch64': command('aarch64-linux-gnu-gcc', 'gcc-aarch64-linux-gnu'),
  'qemu-aarch64': command('qemu-aarch64-static', 'qemu-user-static'),
  busybox: {
    name: 'a static busybox',
    missing: () => (which('busybox') === undefined ? 'busybox is not installed' : undefined),
    package: 'busybox-static',
  },
  python3: command('python3', 'python3'),
  strace: command('strace', 'strace'),
  tmux: command('tmux', 'tmux'),
  jq: command('jq', 'jq'),
  mmdebstrap: command('mmdebstrap', 'mmdebstrap'),
  debootstrap: command('debootstrap', 'debootstrap'),
  /** Of the machine's own release. */
  'debian-packages': { name: "Debian's packages", missing: debianIsMissing },
  runc: command('runc', 'runc'),
  crun: command('crun', 'crun'),
  runsc: command('runsc', 'runsc'),
  criu: command('criu', 'criu'),
  bwrap: command('bwrap', 'bubblewrap'),
  newuidmap: command('newuidmap', 'uidmap'),
  unshare: command('unshare', 'util-linux'),
  /** Both the commands and the library, which they bring along. */
  libcap: command('capsh', 'libcap2-bin'),
  ip: command('ip', 'iproute2'),
  nft: command('nft', 'nftables'),
  /** The client only; no engine is needed. */
  'docker-cli': command('docker'),
  nspawn: command('systemd-nspawn', 'systemd-container'),
  lxc: command('lxc-start', 'lxc'),
  'libvirt-lxc': {
    name: 'libvirt’s LXC driver',
    missing: () => {
      const absent = ['virsh', 'libvirtd'].find((name) => which(name) === undefined);
      if (absent !== undefined) return `${absent} is not installed`;
      return existsSync('/usr/lib/libvirt/libvirt_lxc') ? undefined : 'libvirt_lxc is not installed';
    },
    package: 'libvirt-daemon-driver-lxc',
  },
  podman: command('podman', 'podman'),
  dockerd: command('dockerd', 'docker.io'),
  containerd: command('containerd', 'containerd'),
  'qemu-system': command('qemu-system-x86_64', 'qemu-system-x86'),
  uml: command('linux.uml', 'user-mode-linux'),
  overlayfs: fact(
    'overlayfs',
    () => /\boverlay$/m.test(read('/proc/filesystems')) || existsSync('/sys/module/overlay'),
    'this kernel has no overlayfs',
  ),
  apparmor: fact(
    'a kernel with AppArmor',
    () => read('/sys/module/apparmor/parameters/enabled').trim() === 'Y',
    'AppArmor is not enabled in this kernel',
  ),
  'user-namespaces': fact(
    'user namespaces',
    () => existsSync('/proc/self/ns/user') && read('/proc/sys/user/max_user_namespaces').trim() !== '0',
    'this kernel has no user namespaces, or allows none',
  ),
  'time-namespaces': fact(
    'time namespaces',
    () => existsSync('/proc/self/ns/time'),
    'this kernel has no time namespaces',
  ),
};
