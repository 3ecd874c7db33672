import { highestCapability } from '@ns/caps';
import type { Cgroup, JoinHandle } from '@ns/cgroups';
import { cgroupForExec, joining, readUserFiles, resolveUser, withHome } from '@ns/execdriver/runtime';
import { isErrno, NsError } from '@ns/errors';
import { differingNamespaces } from '@ns/namespaces';
import { sendListener } from '@ns/seccomp';
import { O, OwnedFd, openPath, pidfdOpen, pipe, receiveFds, socketPair } from '@ns/syscall';

import type { ProcessPlan } from '../plan.js';
import { openOwnCgroup } from './own-cgroup.js';
import { grantableLimits, withGrantableScore } from './limits.js';
import { grantable } from './capabilities.js';
import { passLineEnds, withOwnSize } from './foreground.js';
import { filterOf } from './gather.js';
import { tellPid } from './tell.js';
import { checkInherited, descriptorsFor } from './descriptors.js';
import { openSubCgroups, type SubCgroups } from './exec-cgroup.js';
import { maySetgroups } from './id-maps.js';
import { converse, endProcess, inCallersWords, launch } from './launch.js';
import { execProgram, type ExecFacts } from './program.js';
import { directoryOf, ociState, readState, statusOf, type StateRecord } from './state.js';
import { connectTo } from './unix-socket.js';

/** What `exec` is told. */
export interface ExecOptions {
  readonly root: string;
  readonly id: string;
  readonly process: ProcessPlan;
  readonly consoleSocket?: string | undefined;
  readonly pidfdSocket?: string | undefined;
  readonly pidFile?: string | undefined;
  readonly preserveFds: number;
  /** Below the container's own; empty for that of its first process. */
  readonly cgroups: SubCgroups;
  /** Nobody stays with it: a terminal needs a console socket. */
  readonly detach: boolean;
  readonly ignorePaused: boolean;
  readonly warn: (message: string) => void;
}

/**
 * The record of a container that a program can be run in.
 *
 * @throws {@link NsError} `ERR_NS_NOT_FOUND`, `ERR_NS_NOT_RUNNING`, `ERR_NS_CONFLICT` for one that is paused
 */
export function runningRecord(root: string, id: string, ignorePaused: boolean): StateRecord {
  const record = readState(root, id);
  const status = statusOf(root, record);
  if (status === 'stopped' || status === 'creating') {
    throw new NsError('ERR_NS_NOT_RUNNING', {
      operation: 'exec',
      message: `cannot exec in a ${status === 'stopped' ? 'stopped container' : 'container that is being created'}: container not running`,
    });
  }
  if (status === 'paused' && !ignorePaused) {
    throw new NsError('ERR_NS_CONFLICT', {
      operation: 'exec',
      message: 'cannot exec in a paused container',
      hint: 'resume it, or use --ignore-paused: the program then waits for that',
    });
  }
  return record;
}

/** Run a program in a container; returns when it runs. The process is a child of ours. */
export async function execInContainer(
  options: ExecOptions,
): Promise<{ readonly pid: number; readonly master: OwnedFd | undefined }> {
  const { root, id, warn } = options;
  const able = withGrantableScore(options.process, warn);
  const process = options.consoleSocket === undefined ? withOwnSize(able) : able;
  checkInherited({ listen: 0, preserve: options.preserveFds });
  const record = runningRecord(root, id, options.ignorePaused);
  const { init_process_pid: first } = record;
  using target = openFirst(first);
  const container = openOwnCgroup(record.cgroup_path);
  using handle = openCgroups(container, first, options.cgroups);
  const way = handle === undefined ? undefined : joining(handle);
  const numbers = descriptorsFor(options.preserveFds, 0);
  const namespaces = differingNamespaces(first);
  const facts: ExecFacts = {
    namespaces,
    canSetgroups: maySetgroups(first),
    env: envOf(process, first),
    rlimits: grantableLimits(process.spec.rlimits ?? [], warn),
    capabilities: grantable(process.capabilities, namespaces.kinds.includes('user'), warn),
    highestCapability: highestCapability(),
    filter: filterOf(process),
    joining: way?.joining,
    fds: numbers,
    terminal: process.terminal,
    preserved: options.preserveFds,
    newKeyring: !record.no_new_keyring,
  };
  using told = pipe({ nonblocking: 'read' });
  using console = openConsole(options);
  using launched = launch({
    operation: 'exec',
    program: execProgram(process, facts),
    argv: ['ns-oci', 'exec', id],
    numbers,
    status: told.read,
    fallbackDirectory: directoryOf(root, id),
    fds: {
      0: 0,
      1: 1,
      2: 2,
      ...way?.fds,
      [numbers.status]: told.write.fd,
      [numbers.target]: target.fd,
      ...(console === undefined ? {} : { [numbers.console]: console.right.fd }),
      ...Object.fromEntries(
        Array.from({ length: options.preserveFds }, (_, index) => [numbers.preserved + index, 3 + index]),
      ),
    },
  });
  told.write.close();
  const { pid } = launched;
  try {
    await converse({
      operation: 'exec',
      launched,
      status: told.read,
      onHooks: () => Promise.resolve(),
      onListener: (fd) => {
        const { seccomp } = process.spec;
        if (typeof seccomp !== 'object' || seccomp.listenerPath === undefined) return;
        sendListener(
          seccomp.listenerPath,
          fd,
          { ...ociState(record, 'running'), pid },
          seccomp.listenerMetadata,
        );
      },
    });
    tellPid(options, pid);
    const master =
      console?.left === undefined ? undefined : receiveFds(console.left.fd, { maxFds: 1 })?.fds[0];
    if (master !== undefined) passLineEnds(master.fd);
    return { pid, master };
  } catch (error) {
    endProcess(pid);
    throw inCallersWords(error, process.spec.args[0]);
  }
}

function openCgroups(
  container: Cgroup | undefined,
  first: number,
  paths: SubCgroups,
): JoinHandle | undefined {
  if (paths.size === 0) return cgroupForExec(container, first)?.openForJoin();
  if (container !== undefined) return openSubCgroups(container, paths);
  throw new NsError('ERR_NS_UNSUPPORTED', {
    operation: 'exec',
    message: '--cgroup: the container has no cgroup',
    hint: 'it was made without the right to make cgroups',
  });
}

interface Console extends Disposable {
  readonly right: OwnedFd;
  readonly left?: OwnedFd;
}

function openConsole({ process, consoleSocket, detach }: ExecOptions): Console | undefined {
  if (process.terminal && detach && consoleSocket === undefined) {
    // Its master would be closed with us, and the program ended by it.
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: 'exec',
      message: 'a terminal, and nobody to give its master to',
      hint: 'name a socket with --console-socket, or leave --detach out',
    });
  }
  if (!process.terminal) {
    if (consoleSocket === undefined) return undefined;
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: '--console-socket',
      message: 'the process has no terminal',
      hint: 'use --tty, or leave --console-socket out',
    });
  }
  if (consoleSocket === undefined) return socketPair();
  const right = connectTo(consoleSocket, 'console-socket');
  return { right, [Symbol.dispose]: () => right.close() };
}

function openFirst(pid: number): OwnedFd {
  try {
    return pidfdOpen(pid);
  } catch (error) {
    if (isErrno(error, 'ESRCH')) throw notRunning(error);
    throw error;
  }
}

function envOf(process: ProcessPlan, pid: number): string[] {
  try {
    using directory = openPath(`/proc/${pid}/root`, { flags: O.O_DIRECTORY });
    const { home } = resolveUser(readUserFiles(directory.fd), `${process.uid}:${process.gid}`);
    return withHome(process.spec.env, home);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) throw notRunning(error);
    throw error;
  }
}

const notRunning = (cause: unknown): NsError =>
  new NsError('ERR_NS_NOT_RUNNING', { operation: 'exec', message: 'container not running', cause });
