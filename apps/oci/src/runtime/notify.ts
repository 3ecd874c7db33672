import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import {
  MOUNT_ATTR,
  pidfdOpen,
  pipe,
  receiveFds,
  sendFds,
  SOCK,
  watch,
  writeAll,
  type OwnedFd,
} from '@ns/syscall';

import type { ContainerPlan, OciMount } from '../plan.js';
import { open } from './unix-socket.js';

/** Of a state directory: what the container sees at {@link INSIDE}. */
const DIRECTORY = 'notify';
const SOCKET = 'notify.sock';
const INSIDE = '/run/notify';
/** How long the service manager may take, in milliseconds. */
const PATIENCE_MS = 30_000;

const { MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC } = MOUNT_ATTR;

/**
 * Give a container a place for a socket of its own, to which it says that it is ready: see sd_notify(3). As runc does.
 *
 * @param directory - Of its state.
 */
export function withNotify(plan: ContainerPlan, directory: string): ContainerPlan {
  if (plan.process === undefined) return plan;
  const source = join(directory, DIRECTORY);
  mkdirSync(source, { mode: 0o755 });
  // Whatever mask the caller has.
  chmodSync(source, 0o755);
  const mount: OciMount = {
    target: INSIDE,
    type: '',
    source,
    bind: 'bind',
    attributes: {
      set: MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
      clear: 0,
    },
    data: [],
    propagation: [],
    copyUp: false,
    field: 'NOTIFY_SOCKET',
  };
  const { process } = plan;
  const env = [...process.spec.env, `NOTIFY_SOCKET=${INSIDE}/${SOCKET}`];
  return {
    ...plan,
    mounts: [...plan.mounts, mount],
    process: { ...process, spec: { ...process.spec, env } },
  };
}

/** The socket of a container that is about to start; undefined for one that was created without. */
export function listenForReady(directory: string): OwnedFd | undefined {
  if (!existsSync(join(directory, DIRECTORY))) return undefined;
  const path = join(directory, DIRECTORY, SOCKET);
  const socket = open('bind', { path, type: SOCK.SOCK_DGRAM, what: 'listen for the container’s readiness' });
  // Users of the container are none of ours.
  chmodSync(path, 0o777);
  return socket;
}

/** Who is told, and of what. */
export interface Telling {
  /** `NOTIFY_SOCKET` of our own environment. */
  readonly manager: string;
  /** The container's first process: when it ends, nothing more is waited for. */
  readonly first: number;
  /** What the service manager is to watch from then on. */
  readonly mainPid: number;
}

/**
 * Wait until the container says that it is ready, or ends, and tell the service manager; returns when it has heard.
 *
 * @param socket - Closed.
 */
export async function tellReady(socket: OwnedFd, { manager, first, mainPid }: Telling): Promise<void> {
  using own = socket;
  const line = await readyLine(own.fd, first);
  if (line === undefined) return;
  using host = open('connect', { path: manager, type: SOCK.SOCK_DGRAM, what: 'tell the service manager' });
  writeAll(host.fd, Buffer.from(`${line}\n`));
  writeAll(host.fd, Buffer.from(`MAINPID=${mainPid}\n`));
  // It closes the descriptor when it has read all before: see sd_notify_barrier(3).
  using barrier = pipe();
  sendFds(host.fd, Buffer.from('BARRIER=1'), [barrier.write.fd]);
  barrier.write.close();
  await readable([barrier.read.fd], PATIENCE_MS);
}

/** One datagram is a whole message. Others than of readiness are not handed on. */
async function readyLine(socket: number, first: number): Promise<string | undefined> {
  using pidfd = pidfdOpen(first);
  for (;;) {
    const [said] = await readable([socket, pidfd.fd]);
    const message = receiveFds(socket, { maxBytes: 64 * 1024 });
    for (const fd of message?.fds ?? []) fd.close();
    const line = message?.data
      .toString()
      .split('\n')
      .find((one) => one.startsWith('READY='));
    if (line !== undefined) return line;
    if (said !== socket && message === undefined) return undefined;
  }
}

/** Which descriptors can be read; none when the time is over. */
function readable(fds: readonly number[], timeoutMs?: number): Promise<number[]> {
  return new Promise((resolve) => {
    const done = (ready: number[]): void => {
      for (const watcher of watchers) watcher.close();
      clearTimeout(timer);
      resolve(ready);
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => done([]), timeoutMs);
    const watchers = fds.map((fd) => watch(fd, { readable: true }, () => done([fd])));
  });
}
