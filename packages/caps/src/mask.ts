import { CAP } from '@ns/syscall';

import type { Capability } from './names.js';

/** A set as the kernel has it: bit n is capability n. */
export function capabilityMask(names: readonly Capability[]): bigint {
  return names.reduce((mask, name) => mask | (1n << BigInt(CAP[`CAP_${name}`])), 0n);
}

const BY_NUMBER = new Map<number, string>(
  Object.entries(CAP).map(([name, number]) => [number, name.slice(4)]),
);

/** The names of the bits that are set; those that have none yet are their number. */
export function capabilityNames(mask: bigint): string[] {
  const names: string[] = [];
  for (let number = 0; mask >> BigInt(number) > 0n; number++) {
    if ((mask >> BigInt(number)) & 1n) names.push(BY_NUMBER.get(number) ?? String(number));
  }
  return names;
}

/** The sets of a process. */
export interface CapabilitySets {
  readonly inheritable: bigint;
  readonly permitted: bigint;
  readonly effective: bigint;
  readonly bounding: bigint;
  readonly ambient: bigint;
}

const FIELDS = {
  CapInh: 'inheritable',
  CapPrm: 'permitted',
  CapEff: 'effective',
  CapBnd: 'bounding',
  CapAmb: 'ambient',
} as const;

/** The five sets out of the text of `/proc/PID/status`. See proc(5). */
export function parseStatus(status: string): CapabilitySets {
  const sets = { inheritable: 0n, permitted: 0n, effective: 0n, bounding: 0n, ambient: 0n };
  for (const [, field, hex] of status.matchAll(/^(Cap\w+):\s*([0-9a-f]+)$/gm)) {
    const name = FIELDS[field as keyof typeof FIELDS];
    if (name !== undefined) sets[name] = BigInt(`0x${hex}`);
  }
  return sets;
}
