import {
  call,
  CLONE,
  compile,
  exit,
  failureOf,
  FAILURE_RECORD_SIZE,
  loadImage,
  openat2,
  O,
  OwnedFd,
  pidfdOpen,
  pipe,
  readAll,
  slot,
  spawn,
  waitPidfd,
  watch,
} from '@ns/syscall';

import { deleteLink } from '../link/links.js';
import type { Message } from '../netlink/message.js';
import type { NetlinkSocket } from '../netlink/socket.js';
import { exchangeSteps, openRouteSocket } from './exchange.js';
import { type ContainerNetwork, planNetwork } from './network.js';

/** Descriptors of the program: its failures, and the network namespace. */
const [STATUS, NETNS] = [3, 4];

/** A network namespace: that of a process, or by a descriptor of it, such as of `/proc/PID/ns/net`. */
export type NetworkNamespace = { readonly pid: number } | { readonly fd: number };

/**
 * Send rtnetlink requests in another network namespace, at once.
 *
 * @remarks
 * No thread of this process goes there: a program of a few KiB does (setns(2)), and ends. The requests are carried out in
 * order; those before the one that is refused stay.
 *
 * @param fallbackDirectory - See `loadImage` of `@ns/syscall`.
 * @throws SyscallError with the request and the errno; EPERM without CAP_SYS_ADMIN; ENOENT when the process has ended.
 *
 * @example Another default route for a container
 * ```ts
 * await requestInside({ pid }, [addRouteMessage({ destination: 'default', gateway: '172.18.0.1' })]);
 * ```
 */
export async function requestInside(
  netns: NetworkNamespace,
  messages: readonly Message[],
  fallbackDirectory?: string,
): Promise<void> {
  if (messages.length === 0) return;
  using held = 'fd' in netns ? undefined : openNetns(netns.pid);
  const socket = slot('socket');
  const image = compile({
    title: 'requests in a network namespace',
    statusFd: STATUS,
    failureStatus: 1,
    steps: [
      call('setns', [NETNS, CLONE.CLONE_NEWNET], { what: 'enter the network namespace' }),
      openRouteSocket(socket),
      ...exchangeSteps(socket, messages),
      exit(0),
    ],
  });
  using program = loadImage(image, { fallbackDirectory });
  using status = pipe();
  const fds = { [STATUS]: status.write.fd, [NETNS]: 'fd' in netns ? netns.fd : held!.fd };
  const pid = spawn(program.path, { argv: ['ns-netns'], fds });
  status.write.close();
  await ended(pid);
  const record = readAll(status.read.fd, FAILURE_RECORD_SIZE);
  if (record.length > 0) throw failureOf(image, record).error;
}

const openNetns = (pid: number): OwnedFd => openat2(`/proc/${pid}/ns/net`, { flags: O.O_RDONLY });

/** Wait for a child, and collect it. */
async function ended(pid: number): Promise<void> {
  using pidfd = pidfdOpen(pid);
  await new Promise<void>((resolve) => {
    const watcher = watch(pidfd.fd, { readable: true }, () => {
      watcher.close();
      resolve();
    });
  });
  waitPidfd(pidfd.fd);
}

/**
 * Give a running container more interfaces: the links on the host, and inside their names, addresses and routes.
 *
 * @remarks
 * On failure the new links are deleted again. An interface without an `index` of its own gets one
 * by its name, which no other has.
 *
 * @param socket - A rtnetlink socket of the host's namespace.
 * @throws SyscallError EEXIST when the container has an interface of that name, or a route to there; ENOENT, ESRCH when
 * it has ended.
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` as `planNetwork`.
 */
export async function connectInterfaces(
  socket: NetlinkSocket,
  netns: NetworkNamespace,
  network: ContainerNetwork,
  fallbackDirectory?: string,
): Promise<void> {
  using held = 'fd' in netns ? undefined : openNetns(netns.pid);
  const fd = 'fd' in netns ? netns.fd : held!.fd;
  const interfaces = network.interfaces.map((item) => ({ ...item, index: item.index ?? insideIndex(item) }));
  const { host, container } = planNetwork({ ...network, interfaces }, { fd });
  try {
    socket.request(host);
    await requestInside({ fd }, container, fallbackDirectory);
  } catch (error) {
    for (const { link } of interfaces) if (link.kind === 'veth') deleteLink(socket, link.hostName);
    throw error;
  }
}

/** Far from the numbers that the kernel counts up, one for each name, and in the order of `eth1`, `eth2`… */
function insideIndex({ name }: ContainerNetwork['interfaces'][number]): number {
  const [, prefix = '', digits = ''] = /^(.*?)(\d{0,3})$/s.exec(name) ?? [];
  let hash = 0;
  for (const byte of Buffer.from(prefix)) hash = (Math.imul(hash, 31) + byte) & 0xffff;
  return 0x2000_0000 | (hash << 12) | Number(digits);
}
