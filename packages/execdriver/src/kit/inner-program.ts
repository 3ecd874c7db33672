import { allowList, capabilityMask, parseCapability } from '@ns/caps';
import { enterWorkdir, makeWorkdir } from '@ns/namespaces';
import type { Filter } from '@ns/seccomp';
import { AT, bytes, call, cstr, group, O, slot, TIO, type Program, type Step } from '@ns/syscall';

import type { ProcessSpec, Rlimit } from '../contract.js';
import { giveUp } from '../native/give-up.js';
import { profileSteps } from '../native/profile.js';
import {
  execute,
  keepOnlyStandardStreams,
  nameProcess,
  newKeyring,
  setDumpable,
  setOomScoreAdj,
  type Identity,
} from '../native/process.js';

/** The descriptor by which the program says what happened; nobody gives it one of that number. */
const STATUS = 40;

/** What it writes first: that it runs. A record of a failure begins with the address of a step, which is not 0. */
export const HELLO: Uint8Array = new Uint8Array(8);

/** What the inner program depends on, beside the process. */
export interface InnerFacts {
  readonly identity: Identity;
  readonly env: readonly string[];
  readonly rlimits: readonly Rlimit[];
  readonly highestCapability: number;
  readonly filter: Filter | undefined;
  /** The fifo, as the program finds it when it starts. */
  readonly status: string;
  /** See {@link InnerOptions}. */
  readonly before: readonly Step[];
  readonly diesWithParent: boolean;
}

/**
 * The first program of a container whose tool isolates it, and cannot be trusted to do the rest alike: makes and enters the
 * working directory, limits and gives up what the process has, and becomes the user's program.
 *
 * It is Docker 0.9's `.dockerinit`, of a few KiB. It is run with all rights that the tool has left in the container, and as
 * root.
 */
export function innerProgram(process: ProcessSpec, facts: InnerFacts): Program {
  const { identity, before, diesWithParent } = facts;
  const allowed = process.capabilities?.map(parseCapability) ?? allowList({});
  const profile = profileSteps(process.apparmor);
  const root = slot('root');
  const cwd = process.cwd ?? '/';
  return {
    title: `run ${process.args[0]} in a container that another program has made`,
    statusFd: STATUS,
    failureStatus: 127,
    steps: [
      nameProcess('ns-start'),
      ...openStatus(facts.status),
      newKeyring(),
      ...(process.oomScoreAdj === undefined ? [] : setOomScoreAdj(process.oomScoreAdj)),
      ...profile.before,
      ...before,
      setDumpable(0),
      ...session(process, identity),
      group(
        'make the working directory',
        call('umask', [0], { what: 'create files with the exact modes that follow' }),
        call('openat', [AT.AT_FDCWD, cstr('/'), O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC, 0], {
          what: 'open the root',
          into: root,
        }),
        makeWorkdir({ rootFd: root, path: cwd }),
      ),
      ...enterWorkdir({ path: cwd }),
      ...profile.onExec,
      ...giveUp(process, {
        ...facts,
        capabilities: capabilityMask(allowed),
        canSetgroups: true,
        diesWithParent,
      }),
      group('run', keepOnlyStandardStreams(3), execute(process.args, facts.env)),
    ],
  };
}

/** Somebody reads it from before the container is started; without, the program must not wait for one. */
function openStatus(path: string): Step[] {
  const file = slot('status');
  return [
    group(
      'status',
      call('openat', [AT.AT_FDCWD, cstr(path), O.O_WRONLY | O.O_NONBLOCK | O.O_CLOEXEC, 0], {
        what: `open ${path}`,
        object: path,
        into: file,
        hints: { ENXIO: 'who started the container has ended in the meantime' },
      }),
      call('dup3', [file, STATUS, O.O_CLOEXEC], { what: `make it descriptor ${STATUS}` }),
      call('close', [file], { what: 'close the other one' }),
      call('write', [STATUS, bytes(HELLO, '<running>'), HELLO.length], { what: 'say that it runs' }),
    ),
  ];
}

/** A session of its own, and its terminal, as far as the tool has not seen to that. */
function session({ terminal }: ProcessSpec, { uid }: Identity): Step[] {
  const start = call('setsid', [], { what: 'start a session', tolerate: ['EPERM'] });
  if (terminal === undefined) return [start];
  const KEEP = 0xffff_ffff;
  return [
    group(
      'controlling terminal',
      start,
      // 1: also when it is that of the tool's session, which has no use for it.
      call('ioctl', [0, TIO.TIOCSCTTY, 1], { what: 'make it the controlling terminal', tolerate: ['EPERM'] }),
      call('fchown', [0, uid, KEEP], {
        what: 'give the terminal to the user of the program',
        // It is of another user namespace, or another kernel.
        tolerate: ['EPERM', 'EINVAL', 'EROFS'],
      }),
    ),
  ];
}
