import { AF, CLONE, ERRNO, PER } from '@ns/syscall';

import { ALWAYS_ALLOWED, FOR_ADMINISTRATORS } from './docker-syscalls.js';
import type { Argument, DockerProfile, DockerRule, RuleFilter } from './profile.js';

const allow = (names: readonly string[], includes?: RuleFilter): DockerRule => ({
  names,
  action: 'SCMP_ACT_ALLOW',
  ...(includes === undefined ? {} : { includes }),
});

const withCapability = (name: string, ...names: string[]): DockerRule =>
  allow(names, { caps: [`CAP_${name}`] });

const allowValue = (name: string, value: number, op: Argument['op'] = 'SCMP_CMP_EQ'): DockerRule => ({
  names: [name],
  action: 'SCMP_ACT_ALLOW',
  args: [{ index: 0, value, op }],
});

/** What personality(2) may be asked for. The last one tells the present personality and changes nothing. */
const PERSONALITIES: readonly number[] = [
  PER.PER_LINUX,
  PER.PER_LINUX32,
  PER.UNAME26,
  PER.UNAME26 + PER.PER_LINUX32,
  0xffff_ffff,
];

/**
 * Address families beside those below AF_DECnet, which one comparison allows.
 *
 * Not among them are AF_ALG, an attack surface of the kernel that containers have no use for, AF_VSOCK, which reaches
 * the hypervisor and other machines past the network namespace, and those that kernels no longer have.
 */
const FAMILIES: readonly number[] = [
  AF.AF_NETBEUI,
  AF.AF_SECURITY,
  AF.AF_KEY,
  AF.AF_NETLINK,
  AF.AF_PACKET,
  AF.AF_ASH,
  AF.AF_RDS,
  AF.AF_SNA,
  AF.AF_PPPOX,
  AF.AF_LLC,
  AF.AF_IB,
  AF.AF_MPLS,
  AF.AF_CAN,
  AF.AF_TIPC,
  AF.AF_BLUETOOTH,
  AF.AF_IUCV,
  AF.AF_RXRPC,
  AF.AF_PHONET,
  AF.AF_IEEE802154,
  AF.AF_NFC,
  AF.AF_KCM,
  AF.AF_QIPCRTR,
  AF.AF_SMC,
  AF.AF_XDP,
  AF.AF_MCTP,
];

/** Flags of clone(2) that make namespaces; CLONE_NEWTIME is a signal's number there. */
const NEW_NAMESPACES =
  CLONE.CLONE_NEWNS |
  CLONE.CLONE_NEWUTS |
  CLONE.CLONE_NEWIPC |
  CLONE.CLONE_NEWUSER |
  CLONE.CLONE_NEWPID |
  CLONE.CLONE_NEWNET |
  CLONE.CLONE_NEWCGROUP;

const withoutNamespaces = (
  index: number,
  conditions: Pick<DockerRule, 'includes' | 'excludes'>,
): DockerRule => ({
  names: ['clone'],
  action: 'SCMP_ACT_ALLOW',
  args: [{ index, value: NEW_NAMESPACES, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
  ...conditions,
});

const S390: readonly string[] = ['s390', 's390x'];
const NOT_ADMINISTRATOR: readonly string[] = ['CAP_SYS_ADMIN'];

const ofMachines: readonly DockerRule[] = [
  allow(['sync_file_range2', 'swapcontext'], { arches: ['ppc64le'] }),
  allow(
    ['arm_fadvise64_64', 'arm_sync_file_range', 'sync_file_range2', 'breakpoint', 'cacheflush', 'set_tls'],
    { arches: ['arm', 'arm64'] },
  ),
  allow(['arch_prctl'], { arches: ['amd64', 'x32'] }),
  allow(['modify_ldt'], { arches: ['amd64', 'x32', 'x86'] }),
  allow(['s390_pci_mmio_read', 's390_pci_mmio_write', 's390_runtime_instr'], { arches: S390 }),
  allow(['riscv_flush_icache'], { arches: ['riscv64'] }),
];

const ofCapabilities: readonly DockerRule[] = [
  withCapability('DAC_READ_SEARCH', 'open_by_handle_at'),
  withCapability('SYS_ADMIN', ...FOR_ADMINISTRATORS),
  withoutNamespaces(0, { excludes: { caps: NOT_ADMINISTRATOR, arches: S390 } }),
  withoutNamespaces(1, { includes: { arches: S390 }, excludes: { caps: NOT_ADMINISTRATOR } }),
  // Its flags lie in memory, where a filter cannot look: callers fall back to clone.
  {
    names: ['clone3'],
    action: 'SCMP_ACT_ERRNO',
    errnoRet: ERRNO.ENOSYS,
    excludes: { caps: NOT_ADMINISTRATOR },
  },
  withCapability('SYS_BOOT', 'reboot'),
  withCapability('SYS_CHROOT', 'chroot'),
  withCapability('SYS_MODULE', 'delete_module', 'init_module', 'finit_module'),
  withCapability('SYS_PACCT', 'acct'),
  withCapability(
    'SYS_PTRACE',
    'kcmp',
    'pidfd_getfd',
    'process_madvise',
    'process_vm_readv',
    'process_vm_writev',
    'ptrace',
  ),
  withCapability('SYS_RAWIO', 'iopl', 'ioperm'),
  withCapability('SYS_TIME', 'settimeofday', 'stime', 'clock_settime', 'clock_settime64'),
  withCapability('SYS_TTY_CONFIG', 'vhangup'),
  withCapability('SYS_NICE', 'get_mempolicy', 'mbind', 'set_mempolicy', 'set_mempolicy_home_node'),
  withCapability('SYSLOG', 'syslog'),
  withCapability('BPF', 'bpf'),
  withCapability('PERFMON', 'perf_event_open'),
];

/**
 * Docker's default profile: everything that containers are known to need, and EPERM for the rest.
 *
 * @remarks
 * The facts of github.com/moby/profiles as of 2026. See {@link resolveProfile}.
 */
export const DOCKER_DEFAULT_PROFILE: DockerProfile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: ERRNO.EPERM,
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
    { architecture: 'SCMP_ARCH_MIPS64', subArchitectures: ['SCMP_ARCH_MIPS', 'SCMP_ARCH_MIPS64N32'] },
    { architecture: 'SCMP_ARCH_MIPS64N32', subArchitectures: ['SCMP_ARCH_MIPS', 'SCMP_ARCH_MIPS64'] },
    { architecture: 'SCMP_ARCH_MIPSEL64', subArchitectures: ['SCMP_ARCH_MIPSEL', 'SCMP_ARCH_MIPSEL64N32'] },
    { architecture: 'SCMP_ARCH_MIPSEL64N32', subArchitectures: ['SCMP_ARCH_MIPSEL', 'SCMP_ARCH_MIPSEL64'] },
    { architecture: 'SCMP_ARCH_S390X', subArchitectures: ['SCMP_ARCH_S390'] },
    { architecture: 'SCMP_ARCH_RISCV64', subArchitectures: [] },
    { architecture: 'SCMP_ARCH_LOONGARCH64', subArchitectures: [] },
  ],
  syscalls: [
    allow(ALWAYS_ALLOWED),
    // Older kernels let a traced process escape its filter.
    allow(['process_vm_readv', 'process_vm_writev', 'ptrace'], { minKernel: '4.8' }),
    allowValue('socket', AF.AF_DECnet, 'SCMP_CMP_LT'),
    ...FAMILIES.map((family) => allowValue('socket', family)),
    ...PERSONALITIES.map((personality) => allowValue('personality', personality)),
    ...ofMachines,
    ...ofCapabilities,
  ],
};
