import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Cgroup } from '@ns/cgroups';
import { NsError } from '@ns/errors';
import { joining } from '@ns/execdriver/runtime';
import { checkJoins, prepareRoot, type ConfigMount, type PreparedRoot } from '@ns/namespaces';
import { sendListener } from '@ns/seccomp';
import { AT, O, openat2, receiveFds, S, socketPair, syscall, type OwnedFd } from '@ns/syscall';

import { loadBundle } from '../config/load.js';
import type { ContainerPlan, ProcessPlan } from '../plan.js';
import { makeCgroup, removeCgroup, type MadeCgroup } from './cgroup.js';
import { filledTmpfs } from './copy-up.js';
import { checkInherited, descriptorsFor, listenFds } from './descriptors.js';
import { runtimeHooks, waitsForCreator } from './facts.js';
import { passLineEnds, withOwnSize } from './foreground.js';
import { gatherFacts, type MadeMount } from './gather.js';
import { Held } from './held.js';
import { HookFiles } from './hook-files.js';
import { runHook } from './hooks.js';
import { writeMaps } from './id-maps.js';
import { withGrantableScore } from './limits.js';
import { answer, converse, endProcess, inCallersWords, launch, type Launched } from './launch.js';
import type { Attempt, CreateOptions } from './options.js';
import { checkNetDevices, checkTerminal, isPrivileged, kindOf, planOf, resolveIdMaps } from './prepare.js';
import { createProgram } from './program.js';
import { firstRecord, lateSteps, namesOf } from './record.js';
import {
  claim,
  FILES,
  hasServiceManager,
  ociState,
  removeState,
  startOf,
  writeState,
  type StateRecord,
} from './state.js';
import { tellPid } from './tell.js';
import { connectTo } from './unix-socket.js';

/** A container that waits for its start. */
export interface Created {
  readonly record: StateRecord;
  readonly directory: string;
  readonly pid: number;
  /** Of its terminal, with `ownTerminal`. */
  readonly master: OwnedFd | undefined;
}

/**
 * Create a container: everything but its program.
 *
 * @throws {@link NsError} when something cannot be; nothing is left of the attempt then.
 */
export async function createContainer(options: CreateOptions): Promise<Created> {
  const { root, id, bundle, warn } = options;
  const loaded = resolveIdMaps(
    loadBundle(bundle, { id, systemdCgroup: options.systemdCgroup, rootless: options.rootless, warn }),
  );
  let plan: ContainerPlan = {
    ...loaded,
    process: loaded.process && grantableProcess(loaded.process, options),
  };
  checkTerminal(plan, options);
  checkInherited({ listen: listenFds(), preserve: options.preserveFds });
  checkNetDevices(plan);
  const namespaces = planOf(plan);
  checkJoins(namespaces);
  const kinds = new Map(
    plan.mounts.map((mount): [ConfigMount, 'directory' | 'file'] => [mount, kindOf(mount)]),
  );
  const directory = claim(root, id);
  let made: MadeCgroup | undefined;
  try {
    copyFileSync(join(plan.bundle, 'config.json'), join(directory, FILES.config));
    if (hasServiceManager()) plan = (await import('./notify.js')).withNotify(plan, directory);
    made = await makeCgroup(plan, options);
    const { cgroup, unit } = made ?? {};
    const created = await create({ options, plan, namespaces, kinds, directory, cgroup, unit });
    await made?.release();
    return created;
  } catch (error) {
    const told = withMemory(error, made?.cgroup);
    await discard(made);
    removeState(directory);
    throw told;
  }
}

/** What this runtime and its terminal have to say of a process. */
function grantableProcess(process: ProcessPlan, { ownTerminal, warn }: CreateOptions): ProcessPlan {
  const able = withGrantableScore(process, warn);
  return ownTerminal ? withOwnSize(able) : able;
}

async function create(attempt: Attempt): Promise<Created> {
  const { options, plan, directory, cgroup } = attempt;
  using held = new Held();
  const root = held.add(prepareRoot(plan.spec.root, { privileged: isPrivileged() }));
  const made = fillMounts(plan, root, held, options);
  const listen = listenFds();
  const preserved = listen + options.preserveFds;
  const numbers = descriptorsFor(preserved, made.length);
  const handle = cgroup === undefined ? undefined : held.add(cgroup.openForJoin());
  const way = handle === undefined ? undefined : joining(handle);
  const console = openConsole(plan, options, held);
  const hookFiles = held.add(new HookFiles(plan));
  const start = held.add(makeFifo(join(directory, FILES.start), O.O_RDWR));
  const status = held.add(makeFifo(join(directory, FILES.status), O.O_RDONLY | O.O_NONBLOCK));
  const told = held.add(openat2(join(directory, FILES.status), { flags: O.O_WRONLY }));

  const facts = gatherFacts(attempt, { root, numbers, preserved, listen, made, joining: way?.joining });
  let record = firstRecord(attempt);
  writeState(directory, record);
  using launched = launch({
    operation: 'create',
    program: createProgram(plan, facts),
    argv: ['ns-oci', 'init', options.id],
    numbers,
    status,
    fallbackDirectory: directory,
    fds: {
      0: 0,
      1: 1,
      2: 2,
      ...way?.fds,
      [numbers.status]: told.fd,
      [numbers.start]: start.fd,
      ...(root.fd === undefined ? {} : { [numbers.root]: root.fd.fd }),
      ...(console === undefined ? {} : { [numbers.console]: console.theirs.fd }),
      ...hookFiles.fds(numbers),
      ...Object.fromEntries(made.map(({ fd }, index) => [numbers.mounts + index, fd.fd])),
      ...Object.fromEntries(
        Array.from({ length: preserved }, (_, index) => [numbers.preserved + index, 3 + index]),
      ),
    },
  });
  told.close();
  console?.theirs.close();
  const { pid } = launched;
  try {
    record = {
      ...record,
      init_process_pid: pid,
      init_process_start: startOf(pid) ?? 0,
      ...namesOf(pid),
    };
    writeState(directory, record);
    await accompany(attempt, { launched, record, status, hookFiles });
    const done: StateRecord = { ...record, creating: false, late_steps: lateSteps(launched.image, plan) };
    writeState(directory, done);
    tellPid(options, pid);
    return { record: done, directory, pid, master: receiveMaster(console?.ours) };
  } catch (error) {
    endProcess(pid);
    throw error;
  }
}

/** The tmpfs that are filled from the image: by us, for a program of system calls copies no trees. */
function fillMounts(
  plan: ContainerPlan,
  root: PreparedRoot,
  held: Held,
  { warn }: CreateOptions,
): MadeMount[] {
  return plan.mounts.flatMap((mount) => {
    if (!mount.copyUp) return [];
    if (root.fd === undefined) {
      warn(`${mount.field}: tmpcopyup needs the rights of root; the mount is empty`);
      return [];
    }
    const owner = { uid: plan.spec.uidMap?.[0]?.outside ?? 0, gid: plan.spec.gidMap?.[0]?.outside ?? 0 };
    return [{ mount, fd: held.add(filledTmpfs(mount, root.fd.fd, owner)) }];
  });
}

/** The socket that the terminal's master is sent to: the caller's, or one to ourselves. */
function openConsole(
  { process }: ContainerPlan,
  { consoleSocket }: CreateOptions,
  held: Held,
): { readonly theirs: OwnedFd; readonly ours?: OwnedFd } | undefined {
  if (process?.terminal !== true) return undefined;
  if (consoleSocket !== undefined) return { theirs: held.add(connectTo(consoleSocket, 'console-socket')) };
  const pair = held.add(socketPair());
  return { theirs: pair.right, ours: pair.left };
}

function receiveMaster(socket: OwnedFd | undefined): OwnedFd | undefined {
  const master = socket === undefined ? undefined : receiveFds(socket.fd, { maxFds: 1 })?.fds[0];
  if (master !== undefined) passLineEnds(master.fd);
  return master;
}

function makeFifo(path: string, flags: number): OwnedFd {
  syscall({ what: `create ${path}`, path }, 'mknodat', AT.AT_FDCWD, path, S.S_IFIFO | 0o600, 0);
  return openat2(path, { flags });
}

interface Company {
  readonly launched: Launched;
  readonly record: StateRecord;
  readonly status: OwnedFd;
  readonly hookFiles: HookFiles;
}

/** Give the first process what it waits for, until it is created. */
async function accompany(attempt: Attempt, company: Company): Promise<void> {
  const { plan } = attempt;
  const { launched, record, status, hookFiles } = company;
  if (plan.spec.namespaces?.user === 'new') {
    await writeMaps(launched.pid, plan.spec);
    answer(launched);
  }
  const state = ociState(record, 'creating');
  try {
    const end = await converse({
      operation: 'create',
      launched,
      status,
      onHooks: async () => {
        if (!waitsForCreator(plan)) return;
        if (Object.keys(plan.netDevices).length > 0) {
          const { moveNetDevices } = await import('./net-devices.js');
          await moveNetDevices(plan.netDevices, launched.pid);
        }
        const kinds = new Set(plan.hooks.prestart);
        for (const hook of runtimeHooks(plan)) {
          await runHook(kinds.has(hook) ? 'prestart' : 'createRuntime', hook, state, plan.bundle);
        }
        hookFiles.fill(record, innerPid(launched.pid));
      },
      onListener: (fd) => {
        const { seccomp } = plan.process?.spec ?? {};
        if (typeof seccomp !== 'object' || seccomp.listenerPath === undefined) return;
        sendListener(seccomp.listenerPath, fd, { ...state, pid: launched.pid }, seccomp.listenerMetadata);
      },
    });
    if (end === 'created') return;
  } catch (error) {
    throw inCallersWords(withOutput(error, hookFiles.output), plan.process?.spec.args[0]);
  }
  throw new NsError('ERR_NS_STEP_FAILED', {
    operation: 'create',
    message: 'the container’s first process was killed before it was created',
    hint: 'a memory limit that is too small does that: look in the kernel log (dmesg)',
  });
}

/** The error of a hook with what the hook has written. */
function withOutput(error: unknown, output: string): unknown {
  if (output === '' || !NsError.is(error)) return error;
  return new NsError(error.code, {
    operation: error.operation,
    message: `${error.message}: ${output}`,
    hint: error.hint,
    path: error.path,
    cause: error,
  });
}

/** The error of a creation during which the container's memory ran out. */
function withMemory(error: unknown, cgroup: Cgroup | undefined): unknown {
  if (!NsError.is(error) || cgroup === undefined || cgroup.oomKills() === 0) return error;
  return new NsError(error.code, {
    operation: error.operation,
    message: `memory ran out: ${error.message}`,
    hint: 'raise the memory limit of the container',
    path: error.path,
    cause: error,
  });
}

/** The number of a process in its own pid namespace. See proc(5), `NSpid`. */
function innerPid(pid: number): number {
  const line = /^NSpid:.*\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return line === null ? pid : Number(line[1]);
}

async function discard(made: MadeCgroup | undefined): Promise<void> {
  try {
    await made?.cgroup.kill();
    await made?.release();
    if (made !== undefined) await removeCgroup(made.cgroup, made.unit);
  } catch {
    // The first error is the one to hear of.
  }
}
