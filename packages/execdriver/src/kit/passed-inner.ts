import { allowList, capabilityMask, highestCapability, parseCapability } from '@ns/caps';
import {
  bytes,
  call,
  compile,
  failureOf,
  FAILURE_RECORD_SIZE,
  group,
  loadImage,
  pipe,
  readAvailable,
  watch,
  type Image,
  type LoadedImage,
  type OwnedFd,
  type Program,
  type Step,
  type Watcher,
} from '@ns/syscall';

import type { ProcessSpec } from '../contract.js';
import { DESCRIPTOR } from '../native/descriptors.js';
import { filterOf } from '../native/filter.js';
import { giveUp } from '../native/give-up.js';
import { execute, keepOnlyStandardStreams, setRlimits, setUmask } from '../native/process.js';
import { reaperProgram } from '../native/reaper.js';
import { withDefaults } from '../native/rlimits.js';
import { startError } from '../native/start-error.js';
import type { Launching, Place } from './command.js';
import { endedEarly } from './ended-early.js';

/** Descriptors that the tool passes on: where it says what happened, and the program itself. */
const STATUS = DESCRIPTOR.status;
const PROGRAM = 4;

/** How many descriptors the tool has to pass on, from 3 on. */
export const PASSED_DESCRIPTORS = 2;

/** What it writes first. A record of a failure begins with the address of a step, which is not 0. */
const HELLO = new Uint8Array(FAILURE_RECORD_SIZE);

/** How the program is run. */
export interface PassedInnerOptions {
  /**
   * `run`: the tool has seen to everything; what is left is the search in the PATH, and to say what became of it. `limit`: it
   * is run as root, in the working directory, and gives up what the process must not have.
   */
  readonly does: 'run' | 'limit';
  /** It stays as process 1, forwards signals and collects orphans: `docker run --init`. */
  readonly init?: boolean;
  /** With `run`: set the process's limits and umask again, which some tools do not set as they are told. */
  readonly setsLimits?: boolean;
  /** With `limit`: what it does before that, with all rights. */
  readonly first?: readonly Step[];
  /** With `limit`: it is killed when its parent ends. Default false: the parent may be a tool that leaves. */
  readonly diesWithParent?: boolean;
}

/** A program that reaches the container by descriptor: nothing of it is in the container's files. */
export interface PassedInner {
  /** For {@link HostCommand.fds}. The tool has to pass on {@link PASSED_DESCRIPTORS}: `runc create --preserve-fds 2`. */
  readonly fds: Readonly<Record<number, number>>;
  /** What the tool executes in the container, without arguments. It takes a procfs on `/proc`. */
  readonly path: string;
  /**
   * Resolves when the user's program runs. The tool must have been started before.
   *
   * @throws {@link NsError} `ERR_NS_COMMAND_NOT_FOUND`, `ERR_NS_COMMAND_NOT_EXECUTABLE`, `ERR_NS_STEP_FAILED`, `ERR_NS_TOOL_FAILED`.
   */
  started(): Promise<void>;
  /** Give up. Idempotent. */
  close(): void;
}

/**
 * The last program before the user's, for tools that pass descriptors on: as `writeInner`, from a sealed memory file, and
 * with a pipe. Whoever gets it closes it, or waits for {@link PassedInner.started}.
 *
 * @example
 * ```ts
 * const inner = passInner(spec.process, place, { does: 'run' });
 * return { file: '/usr/sbin/runc', args: ['runc', 'create', `--preserve-fds=${PASSED_DESCRIPTORS}`, …], fds: inner.fds, … };
 * ```
 */
export function passInner(
  process: ProcessSpec,
  place: Place & Launching,
  options: PassedInnerOptions,
): PassedInner {
  return new Passed(compile(passedProgram(process, place, options)), place);
}

function passedProgram(process: ProcessSpec, place: Launching, options: PassedInnerOptions): Program {
  const hello = call('write', [STATUS, bytes(HELLO, '<running>'), HELLO.length], {
    what: 'say that it runs',
  });
  const limited =
    options.does === 'limit'
      ? [...(options.first ?? []), ...limits(process, place, options)]
      : options.setsLimits === true
        ? [...setRlimits(withDefaults(process.rlimits ?? [])), setUmask(process.umask ?? 0o022)]
        : [];
  if (options.init === true) {
    const reaper = reaperProgram(process.args, place.env, process.terminal !== undefined);
    const close = call('close_range', [PROGRAM, 0xffff_ffff, 0], {
      what: 'close the program’s own file, and whatever else there is',
    });
    return { ...reaper, steps: [hello, ...limited, close, ...reaper.steps] };
  }
  return {
    title: `run ${process.args[0]} in a container that another program has made`,
    statusFd: STATUS,
    failureStatus: 127,
    steps: [
      hello,
      ...limited,
      group('run', keepOnlyStandardStreams(STATUS), execute(process.args, place.env)),
    ],
  };
}

function limits(
  process: ProcessSpec,
  { user }: Launching,
  { diesWithParent = false }: PassedInnerOptions,
): Step[] {
  const allowed = process.capabilities?.map(parseCapability) ?? allowList({});
  return giveUp(process, {
    identity: user,
    rlimits: withDefaults(process.rlimits ?? []),
    capabilities: capabilityMask(allowed),
    highestCapability: highestCapability(),
    filter: filterOf(process),
    canSetgroups: true,
    diesWithParent,
  });
}

class Passed implements PassedInner {
  readonly path = `/proc/self/fd/${PROGRAM}`;
  readonly fds: Readonly<Record<number, number>>;
  readonly #operation: 'start' | 'exec';
  readonly #image: Image;
  readonly #program: LoadedImage;
  readonly #read: OwnedFd;
  readonly #write: OwnedFd;
  #watcher: Watcher | undefined;

  constructor(image: Image, place: Place & Launching) {
    this.#operation = place.name === 'start' ? 'start' : 'exec';
    this.#image = image;
    this.#program = loadImage(image, { fallbackDirectory: place.directory });
    const status = pipe({ nonblocking: 'read' });
    [this.#read, this.#write] = [status.read, status.write];
    this.fds = { [STATUS]: this.#write.fd, [PROGRAM]: this.#program.fd.fd };
  }

  async started(): Promise<void> {
    // Ours must not be the last ones.
    this.#letGo();
    let isRunning = false;
    let failure: Buffer | undefined;
    try {
      await this.#records((record) => {
        if (record.readUInt32LE(0) === 0) isRunning = true;
        else failure = record;
      });
    } finally {
      this.close();
    }
    if (failure !== undefined) throw startError(this.#operation, failureOf(this.#image, failure));
    if (isRunning) return;
    throw endedEarly(this.#operation);
  }

  /** Resolves at end-of-file: everybody who had the pipe has closed it. */
  #records(onRecord: (record: Buffer) => void): Promise<void> {
    return new Promise((resolve) => {
      this.#watcher = watch(this.#read.fd, { readable: true, disconnect: true }, () => {
        for (;;) {
          const record = readAvailable(this.#read.fd, FAILURE_RECORD_SIZE);
          if (record === undefined) return;
          if (record.length < FAILURE_RECORD_SIZE) break;
          onRecord(record);
        }
        resolve();
      });
    });
  }

  #letGo(): void {
    this.#write.close();
    this.#program[Symbol.dispose]();
  }

  close(): void {
    this.#letGo();
    this.#watcher?.close();
    this.#read.close();
  }
}
