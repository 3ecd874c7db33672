import { closeSync, constants, mkdirSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { highestCapability, parseCapability } from '@ns/caps';
import { isErrno, type NsError } from '@ns/errors';
import { containerPath, type PlannedMount } from '@ns/namespaces';
import { DOCKER_DEFAULT_PROFILE, filterFor, hostContext } from '@ns/seccomp';
import { compile, failureOf, FAILURE_RECORD_SIZE, SIG, type Image } from '@ns/syscall';

import type { ContainerSpec, Exit } from '../contract.js';
import type { HostCommand, Launching, Place, Running, StartedCommand } from '../kit/command.js';
import { endedEarly } from '../kit/ended-early.js';
import { exitOf } from '../native/exit.js';
import { startError } from '../native/start-error.js';
import { ROOT, sourceName } from './container.js';
import type { FileServer } from './file-server.js';
import { EXPORT, type JailFile, type JailMount, type MountPoint } from './jail.js';
import { FILE_CAPABILITIES, launcherProgram, MACHINE_FILES } from './launcher.js';
import { EXEC_DIRECTORY, PROGRAMS } from './exec-ports.js';
import { CONTROL, EVENT, LAST_EVENT, RECORD_SIZE } from './records.js';
import { readBounded, readEvents } from './state-files.js';
import { guestSystem, planGuest } from './system.js';
import type { Transport } from './transport.js';

/** A virtual machine that is to run a container. */
export interface MachineOptions {
  readonly spec: ContainerSpec;
  readonly place: Place & Launching;
  readonly transport: Transport;
  /** The contents of the kernel modules that the guest needs, in the order in which they load. */
  readonly modules: readonly Uint8Array[];
  /** The program of the virtual machine, as it is found in the jail. */
  readonly file: string;
  /** Its arguments. The guest's initial ramdisk is {@link INITIAL_RAMDISK} in the jail. */
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** What serves the container's files to it, where it does not do that itself. */
  readonly fileServer?: FileServer | undefined;
  /** What it needs of the host. */
  readonly files: readonly JailFile[];
  readonly links?: readonly (readonly [path: string, to: string])[];
  /** Bytes of `/tmp` for the program itself. Default none. */
  readonly scratchBytes?: number;
}

/** Where the guest's initial ramdisk is in the jail. */
export const INITIAL_RAMDISK = '/initrd';

/** What tells the failures of a start, until it is known to have succeeded or not. */
interface Pending {
  readonly launcher: Image;
  readonly failure: (record: Uint8Array) => NsError;
}

const pending = new Map<string, Pending>();

/**
 * Write what a virtual machine needs in order to run a container, and say how it is run.
 *
 * @throws {@link NsError} for a spec that cannot be; nothing was started then.
 */
export function prepareMachine(options: MachineOptions): HostCommand {
  const { spec, place, transport } = options;
  const { directory } = place;
  const system = guestSystem({ spec, launching: place, transport, modules: options.modules });
  const initrd = join(directory, 'initrd');
  writeFileSync(initrd, system.archive, { mode: 0o600 });
  for (const name of [MACHINE_FILES.jail, EXEC_DIRECTORY, PROGRAMS])
    mkdirSync(join(directory, name), { mode: 0o700 });
  const mounts = planGuest(spec).mounts;
  const launcher = compile(
    launcherProgram({
      directory,
      jail: {
        at: join(directory, MACHINE_FILES.jail),
        root: place.root,
        readonlyRoot: spec.readonlyRoot === true ? mountPoints(spec, mounts) : undefined,
        mounts: [
          ...jailMounts(spec, mounts),
          {
            name: PROGRAMS,
            source: join(directory, PROGRAMS),
            kind: 'directory',
            readonly: true,
            isRecursive: false,
          },
        ],
        files: [
          ...options.files,
          { source: initrd, target: INITIAL_RAMDISK, kind: 'file' },
          { source: '/dev/null', target: '/dev/null', kind: 'file', isDevice: true },
        ],
        links: options.links ?? [],
        scratchBytes: options.scratchBytes ?? 0,
      },
      file: options.file,
      args: options.args,
      env: options.env,
      fileServer: options.fileServer,
      isFramed: transport.isFramed,
      isTerminal: spec.process.terminal !== undefined,
      filter: filterFor(hostContext(FILE_CAPABILITIES.map(parseCapability)), DOCKER_DEFAULT_PROFILE),
      highestCapability: highestCapability(),
    }),
  );
  const file = join(directory, 'launcher');
  writeFileSync(file, launcher.elf, { mode: 0o700 });
  pending.set(directory, { launcher, failure: (record) => system.failure(record) });
  return { file, args: ['ns-machine', place.id], env: [], root: spec.root, life: 'stays' };
}

/** On a root that nothing can be made on any more, the guest needs these. */
function mountPoints(spec: ContainerSpec, mounts: readonly PlannedMount[]): MountPoint[] {
  const own = spec.defaultMounts === false ? [] : ['/proc', '/dev', '/sys'];
  const { cwd = '/' } = spec.process;
  const wanted: MountPoint[] = [
    ...own.map((path): MountPoint => ({ path, kind: 'directory' })),
    ...mounts.map(({ target, kind }): MountPoint => ({ path: target, kind })),
    ...(cwd === '/' ? [] : [{ path: containerPath('process', 'cwd', cwd), kind: 'directory' } as const]),
  ];
  const isCovered = (path: string): boolean => wanted.some((other) => path.startsWith(`${other.path}/`));
  return wanted.filter(({ path }) => path !== '/' && !isCovered(path));
}

function jailMounts({ mounts = [] }: ContainerSpec, planned: readonly PlannedMount[]): JailMount[] {
  return planned.flatMap(({ kind }, index) => {
    const spec = mounts[index]!;
    if (spec.type !== 'bind') return [];
    const { source, readonly = false, recursive = true } = spec;
    return [{ name: sourceName(index), source, kind, readonly, isRecursive: recursive }];
  });
}

const eventsOf = (place: Place): string => join(place.directory, MACHINE_FILES.events);

const POLL_MS = 15;

/**
 * Resolves when the user's program runs in the guest, with the pid of the virtual machine.
 *
 * @throws {@link NsError} `ERR_NS_COMMAND_NOT_FOUND`, `ERR_NS_COMMAND_NOT_EXECUTABLE`, `ERR_NS_STEP_FAILED`, as the native
 * driver; `ERR_NS_TOOL_FAILED` when the virtual machine ended without saying why.
 */
export async function machineStarted(
  place: Place,
  command: StartedCommand,
): Promise<{ readonly pid: number }> {
  const known = pending.get(place.directory);
  let hasEnded = false;
  void command.ended.then(() => (hasEnded = true));
  try {
    for (;;) {
      // Looked at before the events: what is not there then does not come any more.
      const isLast = hasEnded;
      const failure = readFailure(place, known);
      if (failure !== undefined) throw failure;
      const events = readEvents(eventsOf(place));
      const pid = events.find(({ kind }) => kind === EVENT.process)?.value;
      if (pid !== undefined && events.some(({ kind }) => kind === EVENT.running)) return { pid };
      if (isLast) throw endedEarly('start');
      await Promise.race([sleep(POLL_MS), command.ended]);
    }
  } finally {
    pending.delete(place.directory);
  }
}

function readFailure(place: Place, known: Pending | undefined): NsError | undefined {
  if (known === undefined) return undefined;
  const own = readBounded(join(place.directory, MACHINE_FILES.failure)).subarray(0, FAILURE_RECORD_SIZE);
  if (own.length === FAILURE_RECORD_SIZE) return startError('start', failureOf(known.launcher, own));
  const failed = readEvents(eventsOf(place)).find(({ kind }) => kind > LAST_EVENT);
  if (failed !== undefined) return known.failure(failed.record);
  return earlyFailure(readBounded(join(place.directory, MACHINE_FILES.console)), known);
}

/** Before the guest has its ports it tells failures on the console, of which this is the only line that is no text. */
function earlyFailure(console: Buffer, known: Pending): NsError | undefined {
  const end = console.indexOf('Kernel panic');
  if (end === -1) return undefined;
  for (let at = Math.max(0, end - 64); at < end; at += 1) {
    const record = console.subarray(at, at + FAILURE_RECORD_SIZE);
    try {
      return known.failure(record);
    } catch {
      // No step of the program has this address.
    }
  }
  return undefined;
}

/** What a virtual machine that ended too early has printed: the last lines of its log, or of its kernel. */
export function machineSaid(place: Place): string | undefined {
  const log = readBounded(join(place.directory, MACHINE_FILES.log)).toString().trim();
  return log === '' ? readBounded(join(place.directory, MACHINE_FILES.console)).toString().trim() : log;
}

/**
 * How the container ended: as the guest said. Of a virtual machine that ended without saying, as it did itself, or with 255.
 */
export function machineExit(place: Place, waitStatus: number): Exit {
  const ended = readEvents(eventsOf(place)).findLast(({ kind }) => kind === EVENT.ended);
  const finishedAt = timeOf(place);
  if (ended !== undefined) return exitOf(ended.value, finishedAt);
  const { code } = exitOf(waitStatus, finishedAt);
  // The launcher ends as the machine did, as a shell says it.
  const signal = code > 128 && code <= 128 + 64 ? code - 128 : undefined;
  return signal === undefined ? { code: 255, oomKilled: false, finishedAt } : exitOf(signal, finishedAt);
}

function timeOf(place: Place): Date {
  try {
    return statSync(join(place.directory, MACHINE_FILES.events)).mtime;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return new Date();
    throw error;
  }
}

/**
 * Send a signal to the container's first process. SIGKILL ends the virtual machine itself, whatever its kernel does.
 */
export function signalMachine(signal: number, running: Running): void {
  if (signal === SIG.SIGKILL) {
    process.kill(running.pid, 'SIGKILL');
    return;
  }
  const record = Buffer.alloc(RECORD_SIZE);
  record.writeUInt32LE(CONTROL.signal, 0);
  record.writeUInt32LE(signal, 4);
  sendControl(running, record);
}

function sendControl(place: Place, record: Buffer): void {
  const fd = openSync(
    join(place.directory, MACHINE_FILES.control),
    constants.O_WRONLY | constants.O_NONBLOCK,
  );
  try {
    writeSync(fd, record);
  } finally {
    closeSync(fd);
  }
}

/** The container's root, as the process of its virtual machine has it. */
export const machineRoot = (pid: number): string => `/proc/${pid}/root${EXPORT}/${ROOT}`;

/** Forget a start that came to nothing. */
export const forgetMachine = (place: Place): void => void pending.delete(place.directory);
