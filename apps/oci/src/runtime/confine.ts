import { limitBounding, keepCapabilities, raiseAmbient, setCapabilities } from '@ns/caps';
import { findCommand, noNewPrivileges, setRlimits, setUmask } from '@ns/execdriver/runtime';
import { sendFd } from '@ns/namespaces';
import { loadSteps, type Filter } from '@ns/seccomp';
import { bytes, call, group, IOPRIO, slot, struct, type Step } from '@ns/syscall';
import type { Rlimit } from '@ns/execdriver';

import type { IoPriority, MemoryPolicy, Scheduler } from '../plan.js';

/** The five sets of capabilities(7) as masks. */
export interface CapabilityMasks {
  readonly bounding: bigint;
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
  readonly ambient: bigint;
}

/** What a process of the container becomes, in numbers. */
export interface Confinement {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** False where the user namespace forbids setgroups(2). */
  readonly canSetgroups: boolean;
  readonly rlimits: readonly Rlimit[];
  readonly umask: number;
  readonly capabilities: CapabilityMasks;
  readonly highestCapability: number;
  readonly noNewPrivileges: boolean;
  readonly filter: Filter | undefined;
  /** The socket that is sent the filter's listener. */
  readonly sync: number;
  readonly scheduler?: Scheduler | undefined;
  readonly ioPriority?: IoPriority | undefined;
  readonly memoryPolicy?: MemoryPolicy | undefined;
  readonly personality?: number | undefined;
}

/** Give up what the program must not have, and make sure that it can be executed. After `descriptors`, nothing else is opened. */
export function confine(process: Confinement, descriptors: readonly Step[]): Step[] {
  const isPlain = !process.noNewPrivileges;
  const filter = filterSteps(process);
  return [
    group(
      'limits',
      setRlimits(process.rlimits),
      setUmask(process.umask),
      ...scheduling(process),
      isPlain ? [] : [noNewPrivileges()],
    ),
    ...descriptors,
    // Without no_new_privs only CAP_SYS_ADMIN may load a filter, and that goes next: a profile has to allow the calls that
    // follow. With it the filter comes last.
    ...(isPlain ? filter : []),
    group('user', becomeUser(process)),
    ...(process.args.length === 0 ? [] : findCommand(process.args, process.env)),
    ...(isPlain ? [] : filter),
  ];
}

function filterSteps({ filter, sync }: Confinement): readonly Step[] {
  if (filter === undefined) return [];
  if (!filter.hasListener) return loadSteps(filter);
  const listener = slot('seccomp listener');
  return [
    ...loadSteps(filter, { listener }),
    ...sendFd({ socket: sync, fd: listener, what: 'send the seccomp listener' }),
  ];
}

function becomeUser(process: Confinement): Step[] {
  const { uid, gid, groups, canSetgroups, capabilities, highestCapability } = process;
  const { bounding, ambient, ...sets } = capabilities;
  const list = new Uint8Array(new Uint32Array(groups).buffer);
  const text = `[${groups.join(', ')}]`;
  const hints = { EINVAL: 'the id has no place in the container’s id map' };
  return [
    ...limitBounding(bounding, highestCapability),
    ...(uid === 0 ? [] : [keepCapabilities()]),
    ...(canSetgroups
      ? [
          call('setgroups', [groups.length, bytes(list, text)], {
            what: `set the supplementary groups to ${text}`,
            hints,
          }),
        ]
      : []),
    call('setresgid', [gid, gid, gid], { what: `become group ${gid}`, hints }),
    call('setresuid', [uid, uid, uid], { what: `become user ${uid}`, hints }),
    ...setCapabilities(sets),
    ...raiseAmbient(ambient),
  ];
}

function scheduling(process: Confinement): Step[] {
  const { scheduler, ioPriority, personality, memoryPolicy } = process;
  const steps: Step[] = [];
  if (scheduler !== undefined) steps.push(setScheduler(scheduler));
  if (ioPriority !== undefined) {
    const value = (ioPriority.class << IOPRIO.IOPRIO_CLASS_SHIFT) | ioPriority.priority;
    steps.push(
      call('ioprio_set', [IOPRIO.IOPRIO_WHO_PROCESS, 0, value], {
        what: `set the I/O priority to class ${ioPriority.class}, ${ioPriority.priority}`,
        hints: { EPERM: 'the real-time class needs CAP_SYS_ADMIN or CAP_SYS_NICE' },
      }),
    );
  }
  if (personality !== undefined) {
    steps.push(
      call('personality', [personality], {
        what: `set the personality to 0x${personality.toString(16)}`,
        hints: { EINVAL: 'the kernel does not have this execution domain' },
      }),
    );
  }
  if (memoryPolicy !== undefined) steps.push(setMemoryPolicy(memoryPolicy));
  return steps;
}

/** `struct sched_attr`, first version. */
const SCHED_ATTR_SIZE = 48;

function setScheduler(scheduler: Scheduler): Step {
  const { policy, flags, nice, priority, runtime, deadline, period } = scheduler;
  const attributes = struct([
    ['size', 4, SCHED_ATTR_SIZE],
    ['sched_policy', 4, policy],
    ['sched_flags', 8, flags],
    ['sched_nice', 4, nice],
    ['sched_priority', 4, priority],
    ['sched_runtime', 8, runtime],
    ['sched_deadline', 8, deadline],
    ['sched_period', 8, period],
  ]);
  return call('sched_setattr', [0, attributes, 0], {
    what: `set the scheduling policy to ${policy}`,
    hints: {
      EPERM: 'real-time policies and negative nice values need CAP_SYS_NICE',
      EBUSY: 'there is not enough processor time left for this deadline',
      EINVAL: 'the kernel refuses this policy with these parameters',
    },
  });
}

function setMemoryPolicy({ mode, nodes }: MemoryPolicy): Step {
  const highest = Math.max(-1, ...nodes);
  const words = new BigUint64Array(Math.floor(Math.max(0, highest) / 64) + 1);
  for (const node of nodes) words[node >> 6]! |= 1n << BigInt(node & 63);
  const mask = bytes(new Uint8Array(words.buffer), `nodes [${nodes.join(', ')}]`);
  // The kernel looks at one bit less than it is told.
  const size = nodes.length === 0 ? 0 : highest + 2;
  return call('set_mempolicy', [mode, nodes.length === 0 ? 0 : mask, size], {
    what: `set the memory policy to 0x${mode.toString(16)} of nodes [${nodes.join(', ')}]`,
    hints: { EINVAL: 'a node does not exist, or the kernel refuses this policy' },
  });
}
