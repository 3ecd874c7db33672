import { AUDIT_ARCH } from '@ns/syscall';

import type { Width } from './condition.js';
import type { ArchitectureName } from './profile.js';
import { syscallNumbers, type Abi, type Architecture } from './tables/index.js';

/** What a filter must know of an ABI. */
export interface AbiFacts {
  readonly abi: Abi;
  /** `seccomp_data.arch` of its calls. x32 shares that of x86-64. */
  readonly audit: number;
  /** Added to its numbers. */
  readonly bit: number;
  readonly width: Width;
}

/** The bit by which x32 differs from x86-64, `<asm/unistd.h>`. */
export const X32_BIT = 0x4000_0000;

const FACTS: Readonly<Partial<Record<ArchitectureName, AbiFacts>>> = {
  SCMP_ARCH_X86_64: { abi: 'x86_64', audit: AUDIT_ARCH.AUDIT_ARCH_X86_64, bit: 0, width: 64 },
  SCMP_ARCH_X86: { abi: 'i386', audit: AUDIT_ARCH.AUDIT_ARCH_I386, bit: 0, width: 32 },
  SCMP_ARCH_X32: { abi: 'x32', audit: AUDIT_ARCH.AUDIT_ARCH_X86_64, bit: X32_BIT, width: 32 },
  SCMP_ARCH_AARCH64: { abi: 'aarch64', audit: AUDIT_ARCH.AUDIT_ARCH_AARCH64, bit: 0, width: 64 },
  SCMP_ARCH_ARM: { abi: 'arm', audit: AUDIT_ARCH.AUDIT_ARCH_ARM, bit: 0, width: 32 },
};

/** The machine's own ABI, and those of the programs that it can run beside. */
const FAMILY: Readonly<Record<Architecture, readonly ArchitectureName[]>> = {
  x86_64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  aarch64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

/** The specification's name of a machine's own ABI. */
export const nativeName = (architecture: Architecture): ArchitectureName => FAMILY[architecture][0]!;

/** The ABIs of a profile's `architectures` that a machine has, its own first, and the names of the others. */
export function abisOf(
  architecture: Architecture,
  names: readonly ArchitectureName[],
): { readonly abis: readonly AbiFacts[]; readonly others: readonly ArchitectureName[] } {
  const family = FAMILY[architecture];
  const wanted = family.filter((name, index) => index === 0 || names.includes(name));
  return {
    abis: wanted.map((name) => FACTS[name]!),
    others: names.filter((name) => !family.includes(name)),
  };
}

/** Whether any ABI of this package has a call of this name. */
export const isKnownSyscall = (name: string): boolean =>
  Object.values(FACTS).some(({ abi }) => syscallNumbers(abi).has(name));
