import { readlinkSync } from 'node:fs';

import { NsError, isErrno } from '@ns/errors';
import {
  AT,
  MAGIC,
  NS_GET,
  O,
  OwnedFd,
  call,
  cstr,
  fstatfs,
  group,
  openat2,
  pidfdOpen,
  slot,
} from '@ns/syscall';
import { syscall, type Step } from '@ns/syscall';

import { NAMESPACE_FLAGS, NAMESPACE_KINDS, flagsOf, type NamespaceJoin, type NamespacePlan } from './set.js';
import type { NamespaceKind } from './spec.js';

const OPERATION = 'namespaces';

/**
 * Check that the namespaces of a plan exist and are of the kind they are wanted as, before anything is created.
 *
 * @throws {@link NsError} `ERR_NS_NOT_FOUND` when a process or file does not exist, `ERR_NS_INVALID_ARGUMENT` when a file
 * is no namespace or one of another kind.
 */
export function checkJoins(plan: Pick<NamespacePlan, 'joins'>): void {
  for (const { source, kinds } of plan.joins) {
    using _ = 'pid' in source ? openPid(source.pid) : openFile(source.path, kinds[0]!);
  }
}

function openPid(pid: number): OwnedFd {
  try {
    return pidfdOpen(pid);
  } catch (cause) {
    if (!isErrno(cause, 'ESRCH', 'EINVAL')) throw cause;
    throw new NsError('ERR_NS_NOT_FOUND', {
      operation: OPERATION,
      message: `there is no process ${pid} whose namespaces could be shared`,
      hint: 'is the other container still running?',
      cause,
    });
  }
}

function openFile(path: string, kind: NamespaceKind): OwnedFd {
  let file: OwnedFd;
  try {
    file = openat2(path, { flags: O.O_RDONLY | O.O_NONBLOCK });
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT', 'ENOTDIR')) throw cause;
    throw new NsError('ERR_NS_NOT_FOUND', {
      operation: OPERATION,
      message: `${kind} namespace ${path} does not exist`,
      path,
      cause,
    });
  }
  try {
    const isNamespace = fstatfs(file.fd).type === MAGIC.NSFS_MAGIC;
    const type = isNamespace
      ? syscall('get the kind of a namespace', 'ioctl', file.fd, NS_GET.NS_GET_NSTYPE, 0)
      : 0;
    if (type === NAMESPACE_FLAGS[kind]) return file;
    const found = NAMESPACE_KINDS.find((other) => NAMESPACE_FLAGS[other] === type);
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: OPERATION,
      message: `${path} is ${found ? `a ${found}` : 'not a'} namespace, and not one of kind ${kind}`,
      path,
      hint: `give /proc/PID/ns/${kind}, or a file that one is bound on`,
    });
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * Enter the namespaces of a plan, in its order: in the process that then calls clone3(2).
 *
 * @remarks
 * A process's are entered by a pidfd (setns(2), kernel 5.8), all at once: they are those of one process, even if it ends
 * meanwhile and its number is used again. The caller stays in them, all but the pid namespace, which is for its children.
 */
export function joinNamespaces(plan: Pick<NamespacePlan, 'joins'>): readonly Step[] {
  const steps = plan.joins.flatMap(({ source, kinds, flags }) => {
    const origin = 'pid' in source ? `process ${source.pid}` : source.path;
    const fd = slot(origin);
    const hints = {
      ESRCH: `${origin} has ended: is the other container still running?`,
      ENOENT: `${origin} does not exist any more`,
      EPERM: 'the namespace belongs to another user: joining needs CAP_SYS_ADMIN over it',
      EINVAL:
        'a process cannot enter the user namespace it is in, nor a pid namespace that is not below its own',
    };
    return [
      'pid' in source
        ? call('pidfd_open', [source.pid, 0], { what: `find ${origin}`, object: origin, hints, into: fd })
        : call('openat', [AT.AT_FDCWD, cstr(source.path), O.O_RDONLY | O.O_CLOEXEC, 0], {
            what: `open ${origin}`,
            object: origin,
            hints,
            into: fd,
          }),
      call('setns', [fd, flags], {
        what: `enter the ${kinds.join(', ')} ${kinds.length > 1 ? 'namespaces' : 'namespace'} of ${origin}`,
        object: origin,
        hints,
      }),
      call('close', [fd], { what: `close ${origin}` }),
    ];
  });
  return steps.length === 0 ? [] : [group('namespaces that exist', steps)];
}

/**
 * The namespaces in which a process differs from this one: what a program must enter to run next to it
 * (`docker exec`).
 *
 * @remarks
 * Entering the own user namespace again is an error for the kernel, so only those that differ are listed. Open a pidfd
 * first, and use it if the process is still alive afterwards: then the answer was about that process.
 *
 * @throws {@link NsError} `ERR_NS_NOT_FOUND` when there is no such process.
 */
export function differingNamespaces(pid: number): NamespaceJoin {
  const kinds = NAMESPACE_KINDS.filter((kind) => {
    const theirs = namespaceId(pid, kind);
    return theirs !== undefined && theirs !== namespaceId('self', kind);
  });
  return { source: { pid }, kinds, flags: flagsOf(kinds) };
}

/** `net:[4026531840]`; undefined when the kernel does not have the kind. */
function namespaceId(pid: number | 'self', kind: NamespaceKind): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT', 'ESRCH')) throw cause;
    if (pid === 'self' || hasNamespaces(pid)) return undefined;
    throw new NsError('ERR_NS_NOT_FOUND', {
      operation: OPERATION,
      message: `there is no process ${pid}`,
      cause,
    });
  }
}

function hasNamespaces(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/ns/mnt`);
    return true;
  } catch {
    return false;
  }
}
