import { attachRoot, userMounts } from '@ns/namespaces';
import {
  AT,
  call,
  clone,
  cstr,
  group,
  load,
  O,
  OPEN_TREE,
  scratch,
  slot,
  type Slot,
  type Step,
} from '@ns/syscall';

import { DESCRIPTOR } from '../native/descriptors.js';
import { initSteps } from '../native/init.js';
import { networkSteps } from '../native/network.js';
import type { StartFacts, StartPlan } from '../native/plan.js';
import { cloneArguments } from '../native/supervise.js';
import { HOST } from './boot.js';
import type { GuestStreams } from './streams.js';

/** What starts the container, by where it is done. */
export interface ContainerSteps {
  readonly before: readonly Step[];
  readonly clone: Step;
  readonly after: readonly Step[];
  /** Gets the read end of the pipe to which a failure of the container's first process is written. */
  readonly failure: Slot;
}

/** The container's root in the directory that the host shares. */
export const ROOT = 'root';
/** There, the source of a bind mount. */
export const sourceName = (index: number): string => `mount-${index}`;

/** The steps of the native driver, in the guest: namespaces, mounts, users and limits are the same. */
export function containerSteps(
  plan: StartPlan,
  facts: StartFacts,
  streams: GuestStreams,
  child: Slot,
): ContainerSteps {
  const tree = slot('root');
  const ends = scratch(8, 'status pipe');
  const [failure, status] = [slot('status pipe, read end'), slot('status pipe, write end')];
  const root = attachRoot({ root: DESCRIPTOR.root });
  const mounts = userMounts({ mounts: plan.mounts, rootFd: root.rootFd });
  return {
    failure,
    before: [
      group(
        'root of the container',
        call(
          'open_tree',
          [
            AT.AT_FDCWD,
            cstr(`${HOST}/${ROOT}`),
            OPEN_TREE.OPEN_TREE_CLONE | OPEN_TREE.OPEN_TREE_CLOEXEC | AT.AT_RECURSIVE,
          ],
          { what: 'open the root of the container', into: tree },
        ),
        call('dup3', [tree, DESCRIPTOR.root, O.O_CLOEXEC], { what: 'put it where it is expected' }),
      ),
      ...mounts.host,
      call('pipe2', [ends, O.O_CLOEXEC], { what: 'make a status pipe' }),
      load(failure, ends, 0, 4),
      load(status, ends, 4, 4),
    ],
    clone: clone({
      args: cloneArguments(plan.namespaces.cloneFlags),
      what: 'create the container’s first process',
      into: child,
      child: [
        // Not close-on-exec: an init passes it on to the program.
        call('dup3', [status, DESCRIPTOR.status, 0], {
          what: 'tell failures to the machine’s first process',
        }),
        ...streams.inside,
        ...initSteps(plan, facts, {
          monitor: streams.channel,
          root,
          mounts: mounts.init,
          shm: undefined,
          network: networkSteps(plan.spec, false).inside,
        }),
      ],
    }),
    after: [call('close', [status], { what: 'leave the status pipe to the container' })],
  };
}
