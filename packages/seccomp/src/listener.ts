import {
  AF,
  failsWith,
  ERRNO,
  OwnedFd,
  SECCOMP_IOCTL,
  SECCOMP_USER_NOTIF,
  sendFds,
  SOCK,
  syscall,
} from '@ns/syscall';

import type { SyscallData } from './evaluate.js';
import { invalid } from './errors.js';

/** A call that waits for the listener's answer, `struct seccomp_notif`. */
export interface Notification extends SyscallData {
  readonly id: bigint;
  /** The thread that makes the call, as the listener's pid namespace knows it; 0 when it is not in there. */
  readonly pid: number;
  readonly args: readonly bigint[];
}

/** What the call answers: a result, an errno (positive), or what the kernel says. */
export type Answer =
  | { readonly result: number | bigint }
  | { readonly errno: number }
  /** The kernel makes the call. Its arguments in memory may have changed since: not for decisions of security. */
  | { readonly proceed: true };

const NOTIFICATION_SIZE = 80;
const RESPONSE_SIZE = 24;
const ARGUMENTS = 6;

/**
 * The next call that waits for an answer. Linux 5.0. See seccomp_unotify(2).
 *
 * @remarks
 * Waits for one, and Node with it: ask when `watch` says that the listener is readable.
 *
 * @param listener - The descriptor that loading the filter gave.
 * @returns `undefined` when the call was given up meanwhile: its process was interrupted or has ended.
 */
export function receiveNotification(listener: number): Notification | undefined {
  const bytes = Buffer.alloc(NOTIFICATION_SIZE);
  const purpose = `receive a notification from listener ${listener}`;
  const received = failsWith([ERRNO.ENOENT, ERRNO.EINTR], () =>
    syscall(purpose, 'ioctl', listener, SECCOMP_IOCTL.SECCOMP_IOCTL_NOTIF_RECV, bytes),
  );
  if (received === undefined) return undefined;
  return {
    id: bytes.readBigUInt64LE(0),
    pid: bytes.readUInt32LE(8),
    number: bytes.readUInt32LE(16),
    architecture: bytes.readUInt32LE(20),
    args: Array.from({ length: ARGUMENTS }, (_, index) => bytes.readBigUInt64LE(32 + 8 * index)),
  };
}

/**
 * Whether a call still waits. Ask after opening `/proc/PID` of a notification, before what was opened is trusted: the
 * pid may have become another process's.
 */
export function isNotificationValid(listener: number, id: bigint): boolean {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(id);
  const purpose = `ask for notification ${id} of listener ${listener}`;
  const request = SECCOMP_IOCTL.SECCOMP_IOCTL_NOTIF_ID_VALID;
  return failsWith([ERRNO.ENOENT], () => syscall(purpose, 'ioctl', listener, request, bytes)) !== undefined;
}

/**
 * Answer a call. Linux 5.0, `proceed` 5.5.
 *
 * @returns False when the call was given up meanwhile, or has been answered.
 */
export function answerNotification(listener: number, id: bigint, answer: Answer): boolean {
  const bytes = Buffer.alloc(RESPONSE_SIZE);
  bytes.writeBigUInt64LE(id);
  if ('result' in answer) bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(answer.result)), 8);
  else if ('errno' in answer) bytes.writeInt32LE(-answer.errno, 16);
  else bytes.writeUInt32LE(SECCOMP_USER_NOTIF.SECCOMP_USER_NOTIF_FLAG_CONTINUE, 20);
  const purpose = `answer notification ${id} of listener ${listener}`;
  const request = SECCOMP_IOCTL.SECCOMP_IOCTL_NOTIF_SEND;
  // EINPROGRESS: answered, and the process has not gone on yet.
  const sent = failsWith([ERRNO.ENOENT, ERRNO.EINPROGRESS], () =>
    syscall(purpose, 'ioctl', listener, request, bytes),
  );
  return sent !== undefined;
}

/** What an OCI runtime tells about a container, `State` of the specification. */
export interface ContainerState {
  readonly ociVersion: string;
  readonly id: string;
  readonly status: string;
  readonly pid: number;
  readonly bundle: string;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** `sun_path` of `<linux/un.h>`, its NUL included. */
const MAX_PATH = 108;

/**
 * Hand a listener to the agent at a profile's `listenerPath`, as the OCI runtime specification has it: a message of
 * JSON (`ContainerProcessState`) with the descriptor attached. Ours stays open.
 *
 * @param metadata - The profile's `listenerMetadata`.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` when the path has more than 107 bytes.
 * @throws SyscallError ENOENT or ECONNREFUSED when nobody listens there.
 */
export function sendListener(path: string, listener: number, state: ContainerState, metadata = ''): void {
  const name = Buffer.from(`${path}\0`);
  if (name.length > MAX_PATH)
    throw invalid(`listenerPath: ${path} has more than ${MAX_PATH - 1} bytes`, 'use a shorter path');
  const address = Buffer.concat([Buffer.from(Uint16Array.of(AF.AF_UNIX).buffer), name]);
  const { ociVersion, pid } = state;
  const message = { ociVersion, fds: ['seccompFd'], pid, metadata, state };
  const type = SOCK.SOCK_STREAM | SOCK.SOCK_CLOEXEC;
  const hint = 'the agent of listenerPath must listen before the container starts';
  const hints = { ENOENT: hint, ECONNREFUSED: hint };
  const purpose = { what: `connect to the seccomp agent at ${path}`, path, hints };
  using socket = new OwnedFd(syscall('create a socket for the seccomp agent', 'socket', AF.AF_UNIX, type, 0));
  syscall(purpose, 'connect', socket.fd, address, address.length);
  sendFds(socket.fd, Buffer.from(JSON.stringify(message)), [listener]);
}
