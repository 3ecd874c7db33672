import type { HostConfig } from '@ns/engine-api';

import { invalid } from './errors.js';

/** What `--security-opt`, `--privileged` and the path lists come to. */
export interface Security {
  readonly noNewPrivileges: boolean;
  /** Undefined: the driver's default. */
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
  /** For the answer of create. */
  readonly warnings: readonly string[];
}

/**
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for an option that is not known: it is not passed over, since the
 * user counts on it.
 */
export function parseSecurity(host: HostConfig): Security {
  let noNewPrivileges = false;
  let unconfinedPaths = host.Privileged ?? false;
  const warnings: string[] = [];
  for (const option of host.SecurityOpt ?? []) {
    const [, name = '', value = ''] = /^([^=:]*)[=:]?(.*)$/s.exec(option) ?? [];
    switch (name) {
      case 'no-new-privileges':
        noNewPrivileges = parseFlag(option, value);
        break;
      case 'systempaths':
        if (value !== 'unconfined') throw badOption(option);
        unconfinedPaths = true;
        break;
      case 'seccomp':
      case 'apparmor':
        // Nothing is confined by them yet, so that "unconfined" is what happens anyway.
        if (value !== 'unconfined')
          warnings.push(`${name} profiles are not there yet: '${value.slice(0, 40)}' has no effect.`);
        break;
      case 'label':
        break;
      default:
        throw badOption(option);
    }
  }
  return {
    noNewPrivileges,
    ...pathList('maskedPaths', host.MaskedPaths, unconfinedPaths),
    ...pathList('readonlyPaths', host.ReadonlyPaths, unconfinedPaths),
    warnings,
  };
}

function pathList<K extends string>(
  key: K,
  given: readonly string[] | null | undefined,
  unconfined: boolean,
): { [P in K]?: readonly string[] } {
  const list = unconfined ? [] : given;
  return (list ? { [key]: list } : {}) as { [P in K]?: readonly string[] };
}

function parseFlag(option: string, value: string): boolean {
  if (value === '' || value === 'true') return true;
  if (value === 'false') return false;
  throw badOption(option);
}

const badOption = (option: string): Error =>
  invalid(
    'HostConfig.SecurityOpt',
    `invalid --security-opt: '${option}'`,
    'Known are no-new-privileges[=true|false], systempaths=unconfined, seccomp=…, apparmor=… and label=….',
  );
