import { selectProfile } from '@ns/apparmor';
import { allowList } from '@ns/caps';
import type { HostConfig, Ulimit } from '@ns/engine-api';
import type { Abilities, ProcessSpec, Rlimit } from '@ns/execdriver';
import { parseSecurityOption } from '@ns/seccomp';

import { invalid } from './errors.js';
import type { Machine } from './machine.js';

/** What `--security-opt`, `--privileged` and the path lists come to. */
export interface Security {
  readonly noNewPrivileges: boolean;
  /** Undefined: the driver's default. */
  readonly seccomp?: ProcessSpec['seccomp'];
  /** Undefined: the default profile, where the kernel has AppArmor. */
  readonly apparmor?: string;
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
}

/**
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for an option that is not known: it is not passed over, since the
 * user counts on it.
 */
export function parseSecurity(host: HostConfig): Security {
  let noNewPrivileges = false;
  let unconfinedPaths = host.Privileged ?? false;
  let seccomp: Security['seccomp'] = host.Privileged ? 'unconfined' : undefined;
  let apparmor = host.Privileged ? 'unconfined' : undefined;
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
        seccomp = seccompOf(value);
        break;
      case 'apparmor':
        if (value === '') throw badOption(option);
        apparmor = value;
        break;
      case 'label':
        break;
      default:
        throw badOption(option);
    }
  }
  return {
    noNewPrivileges,
    ...(seccomp === undefined ? {} : { seccomp }),
    ...(apparmor === undefined ? {} : { apparmor }),
    ...pathList('maskedPaths', host.MaskedPaths, unconfinedPaths),
    ...pathList('readonlyPaths', host.ReadonlyPaths, unconfinedPaths),
  };
}

/**
 * The AppArmor profile of a container's processes, as the driver takes it; the default one is loaded when it is not.
 *
 * @throws {@link NsError} As `selectProfile`: a profile that is named and not there, a default one that cannot be loaded.
 */
export async function apparmorOf(host: HostConfig): Promise<Pick<ProcessSpec, 'apparmor'>> {
  const { profile } = await selectProfile(parseSecurity(host).apparmor);
  return profile === undefined ? {} : { apparmor: profile };
}

/** What a process started in a container must not exceed: the first one as those that follow. */
export function confinement(
  host: HostConfig,
  { capabilities: own }: Pick<Machine, 'capabilities'>,
  privileged: boolean = host.Privileged ?? false,
  abilities: Pick<Abilities, 'capabilities'> = { capabilities: true },
): Pick<ProcessSpec, 'capabilities' | 'noNewPrivileges' | 'seccomp' | 'rlimits'> {
  const { noNewPrivileges, seccomp } = parseSecurity(host);
  const { CapAdd, CapDrop } = host;
  const add = CapAdd ?? [];
  const capabilities = allowList({ add, drop: CapDrop ?? [], privileged });
  // "All" are all that there are to give; one that is asked for by its name, and cannot be given, is an error.
  const isAll = privileged || add.some((name) => !isNamed(name));
  const named = new Set(isAll && !privileged ? allowList({ add: add.filter(isNamed), drop: ['ALL'] }) : []);
  const isAsked = privileged || Boolean(CapAdd?.length) || Boolean(CapDrop?.length);
  // Without the ability a program has what the driver gives it, and whoever asks for less or more is refused.
  const isSaid = abilities.capabilities || isAsked;
  return {
    ...(isSaid
      ? {
          capabilities: isAll
            ? capabilities.filter((name) => own.has(name) || named.has(name))
            : capabilities,
        }
      : {}),
    ...(noNewPrivileges ? { noNewPrivileges } : {}),
    ...(seccomp === undefined ? {} : { seccomp }),
    ...(host.Ulimits?.length ? { rlimits: host.Ulimits.map(rlimitOf) } : {}),
  };
}

const isNamed = (name: string): boolean => name.toUpperCase() !== 'ALL';

function rlimitOf(ulimit: Ulimit): Rlimit {
  const value = (number: number): number | 'unlimited' => (number === -1 ? 'unlimited' : number);
  return { name: ulimit.Name.toLowerCase(), soft: value(ulimit.Soft), hard: value(ulimit.Hard) };
}

/** The profiles that were given lately, by their text: filters are kept by the profile as an object. */
const profiles = new Map<string, Security['seccomp']>();
const MOST_PROFILES = 16;

function seccompOf(value: string): Security['seccomp'] {
  const known = profiles.get(value);
  if (known !== undefined) return known;
  const option = parseSecurityOption(value);
  if (option.kind === 'unconfined') return 'unconfined';
  if (option.kind === 'file') {
    throw invalid(
      'HostConfig.SecurityOpt',
      `invalid --security-opt: seccomp profile '${value}' is a path`,
      'The client reads the file and sends its content; give unconfined, builtin, or the profile as JSON.',
    );
  }
  if (profiles.size >= MOST_PROFILES) profiles.clear();
  profiles.set(value, option.profile);
  return option.profile;
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
