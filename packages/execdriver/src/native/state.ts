import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { isErrno, NsError } from '@ns/errors';
import { ERRNO, LOCK, O, openat2, syscall, type OwnedFd } from '@ns/syscall';

/** What a container's state directory says of it. */
export interface ContainerState {
  readonly version: 1;
  readonly id: string;
  /** With a terminal, the monitor holds its master; without, our ends of the streams that are pipes. */
  readonly terminal: boolean;
  readonly pipes: readonly [boolean, boolean, boolean];
  /** The path of its cgroup; absent when it has none. */
  readonly cgroup?: string | undefined;
}

/** The monitor and the container's first process, as the monitor wrote them. */
export interface Pids {
  readonly monitor: number;
  readonly init: number;
}

/** How the first process ended, as the monitor wrote it. */
export interface ExitRecord {
  /** As of wait4(2). */
  readonly waitStatus: number;
  readonly at: Date;
}

/** Files of a state directory. `pids` and `exit` are written by the monitor, in binary, and renamed into place. */
export const FILES = {
  state: 'state.json',
  pids: 'pids',
  exit: 'exit',
  /** What nobody had read when the container ended; a terminal's is in `stdout`. */
  stdout: 'stdout',
  stderr: 'stderr',
  /** The container's first process, where the monitor watches another one. */
  running: 'running.json',
  /** Directories of drivers over a program of the host: see {@link Place}. */
  driver: 'driver',
  inner: 'inner',
  root: 'root',
} as const;

/**
 * The directory of one container under the driver's state root.
 *
 * It is made by `create`, gone after `destroy`, and all that a later process needs to adopt the container.
 */
export class StateDirectory {
  readonly path: string;

  constructor(root: string, id: string) {
    this.path = join(root, id);
  }

  /** Claim the id. @throws {@link NsError} `ERR_NS_CONFLICT` when it is taken. */
  create(state: ContainerState): void {
    try {
      mkdirSync(this.path, { mode: 0o700 });
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      throw new NsError('ERR_NS_CONFLICT', {
        operation: 'create',
        message: `the id ${state.id} is taken`,
        path: this.path,
        hint: 'destroy the container of that id first, or choose another id',
        cause: error,
      });
    }
    // Renamed into place: a directory without this file is the trace of a creator that died, and holds nothing else.
    const temporary = join(this.path, `${FILES.state}.tmp`);
    writeFileSync(temporary, JSON.stringify(state), { mode: 0o600 });
    renameSync(temporary, join(this.path, FILES.state));
  }

  /**
   * Take charge of the container: of its output, and of its end. Closing the descriptor, or dying, gives it up.
   *
   * @throws {@link NsError} `ERR_NS_CONFLICT` when another process is in charge, `ERR_NS_NOT_FOUND`
   */
  lock(): OwnedFd {
    const directory = this.#open();
    const purpose = { what: `lock ${this.path}`, expected: [ERRNO.EAGAIN] };
    if (syscall(purpose, 'flock', directory.fd, LOCK.LOCK_EX | LOCK.LOCK_NB) === 0) return directory;
    directory.close();
    throw new NsError('ERR_NS_CONFLICT', {
      operation: 'adopt',
      message: 'another process is in charge of the container',
      path: this.path,
      hint: 'it can be adopted when that process has ended',
    });
  }

  #open(): OwnedFd {
    try {
      return openat2(this.path, { flags: O.O_RDONLY | O.O_DIRECTORY });
    } catch (cause) {
      if (!isErrno(cause, 'ENOENT')) throw cause;
      throw new NsError('ERR_NS_NOT_FOUND', {
        operation: 'adopt',
        message: 'there is no such container',
        path: this.path,
        cause,
      });
    }
  }

  exists(): boolean {
    return existsSync(this.path);
  }

  /** Undefined when the creator died before it had written it. */
  read(): ContainerState | undefined {
    const text = this.#read(FILES.state);
    if (text === undefined) return undefined;
    const state = JSON.parse(text.toString()) as ContainerState;
    if (state.version === 1) return state;
    throw new NsError('ERR_NS_UNSUPPORTED', {
      operation: 'adopt',
      message: `state of version ${String(state.version)}, known is 1`,
      path: this.path,
      hint: 'use the version of @ns/execdriver that made it',
    });
  }

  pids(): Pids | undefined {
    const record = this.#read(FILES.pids);
    if (record === undefined || record.length < 8) return undefined;
    return { monitor: record.readUInt32LE(0), init: record.readUInt32LE(4) };
  }

  exit(): ExitRecord | undefined {
    const record = this.#read(FILES.exit);
    if (record === undefined || record.length < 24) return undefined;
    const seconds = Number(record.readBigInt64LE(8));
    const nanoseconds = Number(record.readBigInt64LE(16));
    return {
      waitStatus: record.readUInt32LE(0),
      at: new Date(seconds * 1000 + Math.floor(nanoseconds / 1e6)),
    };
  }

  /** The files with what nobody had read when the container ended, as far as there are any. */
  unread(): { readonly stdout?: string; readonly stderr?: string } {
    const file = (name: 'stdout' | 'stderr'): object => {
      const path = join(this.path, FILES[name]);
      return existsSync(path) ? { [name]: path } : {};
    };
    return { ...file('stdout'), ...file('stderr') };
  }

  remove(): void {
    try {
      for (const name of readdirSync(this.path)) unlinkSync(join(this.path, name));
      rmdirSync(this.path);
    } catch (error) {
      // Somebody else was there first, or still is.
      if (!isErrno(error, 'ENOENT', 'ENOTEMPTY')) throw error;
      rmSync(this.path, { recursive: true, force: true });
    }
  }

  #read(name: string): Buffer | undefined {
    try {
      return readFileSync(join(this.path, name));
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
  }
}

/** The ids that have a directory under the state root. */
export function listStates(root: string): string[] {
  try {
    return readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
