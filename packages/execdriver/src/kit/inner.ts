import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { highestCapability } from '@ns/caps';
import { NsError } from '@ns/errors';
import {
  AT,
  compile,
  failureOf,
  O,
  openat2,
  OwnedFd,
  readAvailable,
  S,
  syscall,
  watch,
  type Image,
  type Step,
  type Watcher,
} from '@ns/syscall';

import type { ProcessSpec } from '../contract.js';
import { filterOf } from '../native/filter.js';
import { withDefaults } from '../native/rlimits.js';
import { startError } from '../native/start-error.js';
import { FILES } from '../native/state.js';
import type { Launching, Place, StartedCommand } from './command.js';
import { endedEarly } from './ended-early.js';
import { innerProgram } from './inner-program.js';

/** How the inner program is run. */
export interface InnerOptions {
  /** Where the directory {@link innerDirectory} is when the program starts: `/.ns`. Default: where it is on the host. */
  readonly at?: string;
  /** What it does first, with all rights: chroot(2), say. */
  readonly before?: readonly Step[];
  /** It is killed when its parent ends. Default false: the parent may be a tool that leaves. */
  readonly diesWithParent?: boolean;
  /** It stays as process 1, forwards signals and collects orphans: `docker run --init`. */
  readonly init?: boolean;
}

/** An inner program that was written for a container. */
export interface Inner {
  /** Its file on the host. */
  readonly file: string;
  /** Its file as the container has it: what the tool is told to run, without arguments. */
  readonly path: string;
  /**
   * Resolves when the user's program runs.
   *
   * @throws {@link NsError} `ERR_NS_COMMAND_NOT_FOUND`, `ERR_NS_COMMAND_NOT_EXECUTABLE`, `ERR_NS_STEP_FAILED`.
   */
  started(command: StartedCommand): Promise<void>;
}

/** Inner programs that have not said yet whether the user's program runs, by their files on the host. */
const pending = new Map<string, PendingInner>();

/** The directory of the host that holds a container's inner programs, and nothing else. It is bound into the container, read-only. */
export const innerDirectory = (place: Place): string => join(place.directory, '..', FILES.inner);

/**
 * Write the program that becomes the user's program in the container: {@link innerProgram}. The tool runs it as root, with
 * the capabilities of a container at least, and CAP_SETPCAP, CAP_SETUID, CAP_SETGID, CAP_SYS_ADMIN for all that a process
 * can ask for; with standard streams and no arguments.
 *
 * @remarks
 * It tells what happened by a fifo beside it. Both are removed when it has.
 *
 * @example In the definition of a driver
 * ```ts
 * prepare(spec, place) {
 *   const inner = writeInner(spec.process, place, { at: '/.ns' });
 *   return { file: '/usr/bin/tool', args: ['tool', `--bind-ro=${innerDirectory(place)}:/.ns`, inner.path], … };
 * },
 * async started(spec, place, command) {
 *   await innerStarted(place, command);
 *   return { pid: … };
 * },
 * ```
 */
export function writeInner(
  process: ProcessSpec,
  place: Place & Launching,
  options: InnerOptions = {},
): Inner {
  const directory = innerDirectory(place);
  const { at = directory, before = [], diesWithParent = false, init = false } = options;
  mkdirSync(directory, { recursive: true });
  // Whatever the umask of this process: the root of a user namespace is somebody else.
  chmodSync(directory, 0o755);
  const file = join(directory, place.name);
  const image = compile(
    innerProgram(process, {
      identity: place.user,
      env: place.env,
      rlimits: withDefaults(process.rlimits ?? []),
      highestCapability: highestCapability(),
      filter: filterOf(process),
      status: `${at}/${place.name}.status`,
      before,
      diesWithParent,
      init,
    }),
  );
  const operation = place.name === 'start' ? 'start' : 'exec';
  const inner = new PendingInner({ file, path: `${at}/${place.name}`, image, operation });
  pending.get(file)?.close();
  pending.set(file, inner);
  return inner;
}

/**
 * {@link Inner.started} of the inner program that was written for this place, for {@link CommandDriver.started}.
 *
 * @throws {@link NsError} as there.
 */
export async function innerStarted(place: Place & Launching, command: StartedCommand): Promise<void> {
  const inner = pending.get(join(innerDirectory(place), place.name));
  if (inner !== undefined) return inner.started(command);
  throw new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'command of a driver',
    message: `no inner program was written for ${place.name} of ${place.id}, or it was waited for already`,
    hint: 'this is a mistake in the driver: tell its authors',
  });
}

/** Let go of an inner program that will not be waited for any more. */
export function abandonInner(place: Place & Launching): void {
  pending.get(join(innerDirectory(place), place.name))?.close();
}

const RECORD_SIZE = 8;
/** A program writes two at most. In the container of an exec others can write too: they shall not keep this process busy. */
const MOST_RECORDS = 2;

class PendingInner implements Inner {
  readonly file: string;
  readonly path: string;
  readonly #image: Image;
  readonly #operation: 'start' | 'exec';
  readonly #status: OwnedFd;
  #watcher: Watcher | undefined;
  #isRunning = false;
  #failure: Buffer | undefined;
  #records = 0;

  constructor(parts: {
    readonly file: string;
    readonly path: string;
    readonly image: Image;
    readonly operation: 'start' | 'exec';
  }) {
    this.file = parts.file;
    this.path = parts.path;
    this.#image = parts.image;
    this.#operation = parts.operation;
    writeFileSync(`${this.file}.tmp`, parts.image.elf);
    chmodSync(`${this.file}.tmp`, 0o755);
    renameSync(`${this.file}.tmp`, this.file);
    this.#status = makeFifo(this.#statusFile);
  }

  get #statusFile(): string {
    return `${this.file}.status`;
  }

  async started(command: StartedCommand): Promise<void> {
    try {
      await Promise.race([this.#outcome(), command.over]);
      // What it wrote comes first, also when all has ended by now.
      this.#read();
    } finally {
      this.close();
    }
    if (this.#failure !== undefined) {
      throw startError(this.#operation, failureOf(this.#image, this.#failure));
    }
    if (!this.#isRunning) throw endedEarly(this.#operation);
  }

  /** Resolves when it has closed its end: the user's program runs, or a step has failed. */
  #outcome(): Promise<void> {
    return new Promise((resolve) => {
      this.#watcher = watch(this.#status.fd, { readable: true, disconnect: true }, () => {
        if (!this.#read()) return;
        this.#watcher?.close();
        if (this.#isRunning || this.#failure !== undefined) resolve();
      });
    });
  }

  /** @returns Whether there is no more to come. */
  #read(): boolean {
    while (this.#status.isOpen && this.#records < MOST_RECORDS) {
      const record = readAvailable(this.#status.fd, RECORD_SIZE);
      if (record === undefined) return false;
      if (record.length < RECORD_SIZE) return true;
      this.#records++;
      if (record.readUInt32LE(0) === 0) this.#isRunning = true;
      else this.#failure = record;
    }
    return true;
  }

  close(): void {
    if (pending.get(this.file) === this) pending.delete(this.file);
    this.#watcher?.close();
    this.#status.close();
    for (const path of [this.file, this.#statusFile]) rmSync(path, { force: true });
  }
}

/** Open for reading, so that nobody who writes has to wait. */
function makeFifo(path: string): OwnedFd {
  rmSync(path, { force: true });
  syscall(`make the fifo ${path}`, 'mknodat', AT.AT_FDCWD, path, S.S_IFIFO | 0o666, 0);
  const fifo = openat2(path, { flags: O.O_RDONLY | O.O_NONBLOCK });
  // The umask does not count: in a user namespace its writer is somebody else.
  syscall(`set the mode of ${path}`, 'fchmod', fifo.fd, 0o666);
  return fifo;
}
