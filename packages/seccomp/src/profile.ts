/** Operations of a condition, by the OCI runtime specification's names. */
export const OPERATORS = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
] as const;
/** One of the operations of a condition. */
export type Operator = (typeof OPERATORS)[number];

/** What a rule or a profile does with a call. `SCMP_ACT_KILL` is `SCMP_ACT_KILL_THREAD`. See seccomp(2). */
export const ACTIONS = [
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_LOG',
  'SCMP_ACT_NOTIFY',
] as const;
/** One of the actions. */
export type Action = (typeof ACTIONS)[number];

/** Architectures by the specification's names. */
export const ARCHITECTURES = [
  'SCMP_ARCH_X86',
  'SCMP_ARCH_X86_64',
  'SCMP_ARCH_X32',
  'SCMP_ARCH_ARM',
  'SCMP_ARCH_AARCH64',
  'SCMP_ARCH_LOONGARCH64',
  'SCMP_ARCH_M68K',
  'SCMP_ARCH_MIPS',
  'SCMP_ARCH_MIPS64',
  'SCMP_ARCH_MIPS64N32',
  'SCMP_ARCH_MIPSEL',
  'SCMP_ARCH_MIPSEL64',
  'SCMP_ARCH_MIPSEL64N32',
  'SCMP_ARCH_PPC',
  'SCMP_ARCH_PPC64',
  'SCMP_ARCH_PPC64LE',
  'SCMP_ARCH_S390',
  'SCMP_ARCH_S390X',
  'SCMP_ARCH_SH',
  'SCMP_ARCH_SHEB',
  'SCMP_ARCH_PARISC',
  'SCMP_ARCH_PARISC64',
  'SCMP_ARCH_RISCV64',
] as const;
/** One of the architectures that a profile can list. */
export type ArchitectureName = (typeof ARCHITECTURES)[number];

/** Flags of seccomp(2) by the specification's names. */
export const FLAGS = [
  'SECCOMP_FILTER_FLAG_TSYNC',
  'SECCOMP_FILTER_FLAG_LOG',
  'SECCOMP_FILTER_FLAG_SPEC_ALLOW',
  'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV',
] as const;
/** One of the flags that a profile can have. */
export type Flag = (typeof FLAGS)[number];

/** A condition on one argument of a call. */
export interface Argument {
  /** 0 to 5. */
  readonly index: number;
  /** What it is compared with, unsigned 64 bits; the mask of `SCMP_CMP_MASKED_EQ`. */
  readonly value: number | bigint;
  /** What the masked argument must be: `SCMP_CMP_MASKED_EQ` only. */
  readonly valueTwo?: number | bigint | undefined;
  readonly op: Operator;
}

/** What is done with some calls. */
export interface Rule {
  readonly names: readonly string[];
  readonly action: Action;
  /** The errno of `SCMP_ACT_ERRNO` (default EPERM), the message of `SCMP_ACT_TRACE`. */
  readonly errnoRet?: number | undefined;
  /** All must hold. As with runc, any one is enough when two of them test the same argument. */
  readonly args?: readonly Argument[] | undefined;
}

interface Common {
  /** What is done with a call that no rule names. */
  readonly defaultAction: Action;
  readonly defaultErrnoRet?: number | undefined;
  /** Beside the machine's own. */
  readonly architectures?: readonly ArchitectureName[] | undefined;
  readonly flags?: readonly Flag[] | undefined;
  /** A Unix socket: gets the descriptor of `SCMP_ACT_NOTIFY`. */
  readonly listenerPath?: string | undefined;
  /** Opaque; handed to the listener. */
  readonly listenerMetadata?: string | undefined;
}

/** `linux.seccomp` of the OCI runtime specification. */
export interface SeccompProfile extends Common {
  readonly syscalls?: readonly Rule[] | undefined;
}

/** When one of Docker's rules applies. Every member that is given counts. */
export interface RuleFilter {
  /** `CAP_SYS_ADMIN`: `includes` needs all of them in the bounding set, `excludes` any. */
  readonly caps?: readonly string[] | undefined;
  /** `amd64`, `arm64`, `x86`, …; the machine's own. */
  readonly arches?: readonly string[] | undefined;
  /** `4.8`: this kernel or a newer one. */
  readonly minKernel?: string | undefined;
}

/** A rule of Docker's profile format. */
export interface DockerRule extends Rule {
  readonly comment?: string | undefined;
  readonly includes?: RuleFilter | undefined;
  readonly excludes?: RuleFilter | undefined;
}

/** An architecture and those that its kernel runs too. */
export interface ArchitectureMap {
  readonly architecture: ArchitectureName;
  readonly subArchitectures?: readonly ArchitectureName[] | undefined;
}

/** Docker's profile format: `docker run --security-opt seccomp=FILE`. Every OCI profile is one. */
export interface DockerProfile extends Common {
  /** Instead of `architectures`. */
  readonly archMap?: readonly ArchitectureMap[] | undefined;
  readonly syscalls?: readonly DockerRule[] | undefined;
}
