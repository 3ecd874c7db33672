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
}

/**
 * The allow-list that `docker run --cap-add … --cap-drop …` results in.
 *
 * @remarks
 * As Docker: `ALL` in `add` starts from everything, `ALL` in `drop` from nothing; a name in both lists is added.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a name that does not exist.
 */
export function allowList(changes: CapabilityChanges): Capability[] {
  const isAll = (name: string): boolean => name.toUpperCase() === 'ALL';
  const { add = [], drop = [], privileged = false } = changes;
  const added = add.filter((name) => !isAll(name)).map(parseCapability);
  const dropped = drop.filter((name) => !isAll(name)).map(parseCapability);
  if (privileged) return [...CAPABILITIES];
  const base = add.some(isAll) ? CAPABILITIES : drop.some(isAll) ? [] : DOCKER_DEFAULT;
  const allowed = new Set<Capability>(base.filter((name) => !dropped.includes(name)));
  for (const name of added) allowed.add(name);
  return CAPABILITIES.filter((name) => allowed.has(name));
}
