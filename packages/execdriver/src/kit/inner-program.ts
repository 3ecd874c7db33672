import { allowList, capabilityMask, parseCapability } from '@ns/caps';
import { enterWorkdir, makeWorkdir } from '@ns/namespaces';
import type { Filter } from '@ns/seccomp';
import { AT, bytes, call, cstr, group, O, slot, TIO, when, type Program, type Step } from '@ns/syscall';

import type { ProcessSpec, Rlimit } from '../contract.js';
import { DESCRIPTOR } from '../native/descriptors.js';
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
import { reaperProgram } from '../native/reaper.js';

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
  readonly init: boolean;
}

/**
 * The first program of a container whose tool isolates it, and cannot be trusted to do the rest alike: makes and enters the
 * working directory, limits and gives up what the process has, and becomes the user's program.
 *
 * It is Docker 0.9's `.dockerinit`, of a few KiB. It is run with all rights that the tool has left in the container, and as
 * root.
 */
export function innerProgram(process: ProcessSpec, facts: InnerFacts): Program {
  const { identity, before, diesWithParent, init } = facts;
  // The reaper has a number of its own for it.
  const statusFd = init ? DESCRIPTOR.status : STATUS;
  const allowed = process.capabilities?.map(parseCapability) ?? allowList({});
  const profile = profileSteps(process.apparmor);
  const root = slot('root');
  const cwd = process.cwd ?? '/';
  return {
    title: `run ${process.args[0]} in a container that another program has made`,
    statusFd,
    failureStatus: 127,
    steps: [
      nameProcess('ns-start'),
      ...openStatus(facts.status, statusFd),
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
      ...(init ? stayAsInit(process, facts.env) : [runProgram(process, facts.env)]),
    ],
  };
}

const runProgram = ({ args }: ProcessSpec, env: readonly string[]): Step =>
  group('run', keepOnlyStandardStreams(3), execute(args, env));

function stayAsInit({ args, terminal }: ProcessSpec, env: readonly string[]): Step[] {
  return [
    call('close_range', [DESCRIPTOR.status + 1, 0xffff_ffff, 0], { what: 'close whatever else there is' }),
    ...reaperProgram(args, env, terminal !== undefined).steps,
  ];
}

/** Somebody reads it from before the container is started; without, the program must not wait for one. */
function openStatus(path: string, number: number): Step[] {
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
      // The same number twice is EINVAL.
      when(
        [file, '!=', number],
        [
          call('dup3', [file, number, O.O_CLOEXEC], { what: `make it descriptor ${number}` }),
          call('close', [file], { what: 'close the other one' }),
        ],
      ),
      call('write', [number, bytes(HELLO, '<running>'), HELLO.length], { what: 'say that it runs' }),
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
