import type { NsError } from '@ns/errors';
import { compile, failureOf, type Image } from '@ns/syscall';
import { flagsOf, type NamespaceJoin, type PlannedMount } from '@ns/namespaces';

import type { ContainerSpec, ProcessSpec, Rlimit } from '../contract.js';
import type { Launching } from '../kit/command.js';
import { filterOf } from '../native/filter.js';
import { planStart, type StartFacts, type StartPlan } from '../native/plan.js';
import { reaperProgram } from '../native/reaper.js';
import { startError } from '../native/start-error.js';
import { DESCRIPTOR } from '../native/descriptors.js';
import { HOST, moduleFile, REAPER_FILE } from './boot.js';
import { sourceName } from './container.js';
import { cpio } from './cpio.js';
import { guestProgram } from './init.js';
import type { Transport } from './transport.js';

/** All that a guest's kernel needs in order to run a container: its initial ramdisk. */
export interface GuestSystem {
  /** The ramdisk, as a cpio archive. */
  readonly archive: Buffer;
  /** The error of a failure record that the guest sent. */
  failure(record: Uint8Array): NsError;
}

/** The programs' code lies apart, so that the address in a failure record tells which of them failed. */
const REAPER_CODE = 0x80_0000;

/** The last capability of the kernels that are used, which are those of Debian from 6.1 on: `CAP_CHECKPOINT_RESTORE`. */
export const HIGHEST_CAPABILITY = 40;

/** A kernel of its own gives what Docker's does: not the machine's limits. */
const NOFILE: Rlimit = { name: 'nofile', soft: 1024, hard: 1_048_576 };

/** The limits of a program in a guest. */
export const guestRlimits = ({ rlimits = [] }: ProcessSpec): readonly Rlimit[] => [
  ...(rlimits.some(({ name }) => name === NOFILE.name) ? [] : [NOFILE]),
  ...rlimits,
];

/** The namespaces of a container in a guest that are not those of the guest's first process. */
export const GUEST_NAMESPACES: NamespaceJoin = {
  // Its number is the guest's affair: it comes as a descriptor.
  source: { pid: 1 },
  kinds: ['mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup'],
  flags: flagsOf(['mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup']),
};

const CGROUPS: StartFacts['cgroups'] = {
  version: 2,
  hierarchies: [{ type: 'cgroup2', name: '', options: [], ownDirectory: '/sys/fs/cgroup' }],
  links: [],
};

/**
 * Check a spec as the native driver does, for a guest.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for what cannot be.
 */
export function planGuest(spec: ContainerSpec): StartPlan {
  // Limits are the host's affair, and none of the guest's steps.
  const { resources: _resources, cgroup: _cgroup, ...rest } = spec;
  const plan = planStart({ ...rest, namespaces: {} }, true);
  return { ...plan, mounts: plan.mounts.map(inGuest) };
}

/**
 * The source of a bind mount comes by the shared directory. Propagation does not cross machines; and what is mounted below the
 * source is the same mount for the guest, or takes over its flags: there only the host can tell the one from the other.
 */
function inGuest(mount: PlannedMount, index: number): PlannedMount {
  const { spec } = mount;
  if (spec.type !== 'bind') return mount;
  const { propagation: _propagation, idMap: _idMap, ...rest } = spec;
  const readonly = rest.readonly === 'non-recursive' ? false : (rest.readonly ?? false);
  return { ...mount, spec: { ...rest, readonly, source: `${HOST}/${sourceName(index)}` } };
}

/**
 * Make the initial ramdisk of a guest.
 *
 * @param options.modules - The contents of kernel modules, in the order in which they load.
 * @throws {@link NsError} as {@link planGuest}
 */
export function guestSystem(options: {
  readonly spec: ContainerSpec;
  readonly launching: Pick<Launching, 'user' | 'env'>;
  readonly transport: Transport;
  readonly modules: readonly Uint8Array[];
}): GuestSystem {
  const { spec, launching, transport, modules } = options;
  const plan = planGuest(spec);
  const facts: StartFacts = {
    identity: launching.user,
    env: launching.env,
    rlimits: guestRlimits(spec.process),
    highestCapability: HIGHEST_CAPABILITY,
    filter: filterOf(spec.process),
    joining: undefined,
    root: DESCRIPTOR.root,
    mountPoint: '/',
    cgroups: spec.defaultMounts === false ? undefined : CGROUPS,
  };
  const init = compile(guestProgram({ transport, modules: modules.length, plan, facts }));
  const reaper = spec.init === true ? compileReaper(spec, launching.env) : undefined;
  return {
    archive: cpio([
      { path: 'init', mode: 0o100755, content: init.elf },
      ...(reaper === undefined ? [] : [{ path: REAPER_FILE, mode: 0o100755, content: reaper.elf }]),
      // Without it the first process has no standard streams, and its descriptors other numbers.
      { path: 'dev/console', mode: 0o020600, device: [5, 1] },
      ...modules.map((content, index) => ({ path: moduleFile(index), mode: 0o100644, content })),
    ]),
    failure: (record) => {
      const address = new DataView(record.buffer, record.byteOffset).getUint32(0, true);
      const image = reaper?.sites.has(address) === true ? reaper : init;
      return startError('start', failureOf(image, record));
    },
  };
}

const compileReaper = (spec: ContainerSpec, env: readonly string[]): Image =>
  compile({
    ...reaperProgram(spec.process.args, env, spec.process.terminal !== undefined),
    codeAddress: REAPER_CODE,
  });
