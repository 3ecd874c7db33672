import { NsError } from '@ns/errors';
import { CAP } from '@ns/syscall';

/** A capability's name without `CAP_`: `NET_ADMIN`. */
export type Capability = keyof typeof CAP extends `CAP_${infer Name}` ? Name : never;

/** The names in the order of their numbers, those of `linux/capability.h` as of Linux 5.9. */
export const CAPABILITIES: readonly Capability[] = Object.keys(CAP).map(
  (name) => name.slice(4) as Capability,
);

/** Docker's default: what a container's root may do unless told otherwise. An allow-list: what is new stays out. */
export const DOCKER_DEFAULT: readonly Capability[] = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FSETID',
  'FOWNER',
  'MKNOD',
  'NET_RAW',
  'SETGID',
  'SETUID',
  'SETFCAP',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'SYS_CHROOT',
  'KILL',
  'AUDIT_WRITE',
];

/**
 * A capability by the name a user typed: any case, with or without `CAP_`.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function parseCapability(text: string): Capability {
  const name = text.toUpperCase().replace(/^CAP_/, '') as Capability;
  if (`CAP_${name}` in CAP) return name;
  throw new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'capabilities',
    message: `unknown capability ${JSON.stringify(text)}`,
    hint: 'capabilities(7) lists the names: NET_ADMIN, SYS_PTRACE, …, or ALL',
  });
}

/** What `--cap-add`, `--cap-drop` and `--privileged` say. */
export interface CapabilityChanges {
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
  readonly privileged?: boolean;
  /**
   * The capabilities that there are to give, as a mask: {@link availableCapabilities} of this process. `ALL` and
   * `privileged` mean these then. Default: all that have a name.
   */
  readonly available?: bigint;
}

/**
 * The allow-list that `docker run --cap-add … --cap-drop …` results in.
 *
 * @remarks
 * As Docker: `ALL` in `add` means everything except what `drop` names; otherwise `ALL` in `drop` leaves only what `add`
 * names; otherwise the default less `drop`, and `add` after it, so that a name in both lists is added. `privileged` is
 * everything, whatever else is said.
 *
 * @returns In the order of their numbers, each once.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a name that does not exist; `ERR_NS_UNSUPPORTED` for one in
 * `add` that is not `available`.
 */
export function allowList(changes: CapabilityChanges): Capability[] {
  const { add = [], drop = [], privileged = false, available = -1n } = changes;
  const added = new Set(add.filter((name) => !isAll(name)).map(parseCapability));
  const dropped = new Set(drop.filter((name) => !isAll(name)).map(parseCapability));
  const isAvailable = (name: Capability): boolean => ((available >> BigInt(CAP[`CAP_${name}`])) & 1n) === 1n;
  for (const name of added) if (!isAvailable(name)) throw unavailable(name);
  const all = CAPABILITIES.filter(isAvailable);
  if (privileged) return all;
  if (add.some(isAll)) return all.filter((name) => !dropped.has(name));
  const base = drop.some(isAll) ? [] : DOCKER_DEFAULT.filter((name) => !dropped.has(name));
  return all.filter((name) => added.has(name) || base.includes(name));
}

const isAll = (name: string): boolean => name.toUpperCase() === 'ALL';

const unavailable = (name: Capability): NsError =>
  new NsError('ERR_NS_UNSUPPORTED', {
    operation: 'capabilities',
    message: `CAP_${name} cannot be given: the kernel does not know it, or this process may not have it`,
    hint: 'see CapBnd in /proc/self/status for what there is to give, and run where it is not taken away',
  });
