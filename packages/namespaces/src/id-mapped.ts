import { isErrno, NsError } from '@ns/errors';
import {
  cloneTree,
  compile,
  exit,
  failureOf,
  FAILURE_RECORD_SIZE,
  loadImage,
  MOUNT_ATTR,
  OwnedFd,
  pipe,
  readAll,
  receiveFds,
  setMountAttributes,
  slot,
  socketPair,
  spawn,
  syscall,
} from '@ns/syscall';

import { sendFd } from './fd-passing.js';
import { checkIdRanges, idMapText } from './id-map.js';
import type { IdMapping, IdMaps } from './spec.js';
import { makeUserNamespace } from './user-namespace.js';

/** Descriptors of the program: its failures, and the socket that the namespace comes back by. */
const [STATUS, SOCKET] = [3, 4];
/** A machine has one map, or one for each of a few users. */
const MOST = 16;

/** User namespaces by their maps; the latest last. */
const namespaces = new Map<string, OwnedFd>();

/**
 * A descriptor of a user namespace with these maps, which no process is in: for id-mapped mounts. Kept for the next time.
 *
 * @throws SyscallError EPERM without the right to map the ids.
 */
function userNamespace({ uids, gids }: IdMaps): OwnedFd {
  const key = `${idMapText(uids)}/${idMapText(gids)}`;
  const kept = namespaces.get(key) ?? createUserNamespace({ uids, gids });
  namespaces.delete(key);
  namespaces.set(key, kept);
  if (namespaces.size > MOST) {
    const [oldest, fd] = namespaces.entries().next().value!;
    namespaces.delete(oldest);
    fd.close();
  }
  return kept;
}

function createUserNamespace(maps: IdMaps): OwnedFd {
  const namespace = slot('user namespace');
  const image = compile({
    title: 'a user namespace for id-mapped mounts',
    statusFd: STATUS,
    failureStatus: 1,
    steps: [
      ...makeUserNamespace({ ...maps, into: namespace }),
      ...sendFd({ socket: SOCKET, fd: namespace, what: 'hand the user namespace over' }),
      exit(0),
    ],
  });
  using program = loadImage(image);
  using status = pipe();
  using pair = socketPair('seqpacket');
  const fds = { [STATUS]: status.write.fd, [SOCKET]: pair.right.fd };
  const pid = spawn(program.path, { argv: ['ns-id-map'], fds });
  status.write.close();
  // It ends by itself in a millisecond.
  syscall('wait for the program that makes a user namespace', 'wait4', pid, null, 0, null);
  const record = readAll(status.read.fd, FAILURE_RECORD_SIZE);
  if (record.length > 0) throw failureOf(image, record).error;
  const [fd] = receiveFds(pair.left.fd, { maxFds: 1 })?.fds ?? [];
  if (fd !== undefined) return fd;
  throw new NsError('ERR_NS_STEP_FAILED', {
    operation: 'id map',
    message: 'the program that makes a user namespace was killed',
    hint: 'look for a signal or the out-of-memory killer in the kernel log (dmesg)',
  });
}

/**
 * A detached copy of the mount that a directory is on, from that directory on, whose files belong to other ids.
 *
 * @remarks
 * mount_setattr(2), Linux 5.12. What is mounted below the directory is left out.
 *
 * @param readonly - Nothing can be changed through it.
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` when the kernel or the file system has no id-mapped mounts,
 * `ERR_NS_INVALID_ARGUMENT` for maps that cannot be.
 */
export function cloneIdMapped(path: string, maps: IdMaps, readonly: boolean): OwnedFd {
  checkIdRanges('id map of the root', maps.uids);
  checkIdRanges('id map of the root', maps.gids);
  const namespace = userNamespace(maps);
  const tree = cloneTree(path);
  try {
    const set = MOUNT_ATTR.MOUNT_ATTR_IDMAP | (readonly ? MOUNT_ATTR.MOUNT_ATTR_RDONLY : 0);
    setMountAttributes('', { dirFd: tree.fd, propagation: 'private', set, usernsFd: namespace.fd });
    return tree;
  } catch (cause) {
    tree.close();
    if (!isErrno(cause, 'EINVAL', 'ENOSYS', 'EPERM')) throw cause;
    throw new NsError('ERR_NS_UNSUPPORTED', {
      operation: 'root',
      message: `the ids of ${path} cannot be mapped`,
      path,
      hint: 'id-mapped mounts need kernel 5.12 and a file system that has them: ext4, xfs, btrfs; not an overlay, nor what is mapped already',
      cause,
    });
  }
}

/** The id that a file's owner is seen as. What is not mapped stays. Pure. */
export function mapId(map: readonly IdMapping[], id: number): number {
  const found = map.find(({ inside, length }) => id >= inside && id < inside + length);
  return found === undefined ? id : found.outside + (id - found.inside);
}
