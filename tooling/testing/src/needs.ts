/**
 * What a test needs of the machine.
 *
 * @packageDocumentation
 */
import type { TestOptions } from 'vitest';

import { REQUIREMENTS, type Requirement, type RequirementName } from './requirements.ts';
import { canInstall } from './system-packages.ts';

export { REQUIREMENTS, which, type Requirement, type RequirementName } from './requirements.ts';

/** Why a test was skipped, as the reporter sees it. */
export interface Missing {
  /** `qemu-aarch64-static is not installed`. */
  readonly reason: string;
  /** The package that would bring it, when this machine could install it: the skip then fails CI. */
  readonly installable?: string;
}

declare module 'vitest' {
  interface TaskMeta {
    missing?: readonly Missing[];
  }
}

/**
 * Options for `describe`, `it` or `test` that skip when the machine lacks something, and say what.
 *
 * A skip that did not come from here fails CI, and so does one for want of a package that CI could install.
 *
 * @param requirements - Names of {@link REQUIREMENTS}, or requirements of the test's own.
 *
 * @example
 * ```ts
 * describe('aarch64 back end', needs('qemu-aarch64'), () => { … });
 * it('mounts', needs('root', { name: 'a kernel with idmapped mounts', missing: () => probe() }), () => { … });
 * ```
 */
export function needs(...requirements: readonly (RequirementName | Requirement)[]): TestOptions {
  const missing = whatIsMissing(requirements);
  return missing.length === 0 ? {} : { skip: true, meta: { missing } };
}

/** The unmet ones of some requirements. */
export function whatIsMissing(requirements: readonly (RequirementName | Requirement)[]): Missing[] {
  return requirements.flatMap((named): Missing[] => {
    const requirement: Requirement = typeof named === 'string' ? REQUIREMENTS[named] : named;
    const reason = requirement.missing();
    if (reason === undefined) return [];
    if (requirement.package === undefined || !canInstall()) return [{ reason }];
    return [{ reason, installable: requirement.package }];
  });
}
