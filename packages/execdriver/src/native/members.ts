import { fstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { isErrno } from '@ns/errors';
import { ERRNO, failsWith, O, openat2, pidfdOpen, pidfdSendSignal, SIG, type OwnedFd } from '@ns/syscall';

/**
 * By what the processes of a container are known: each container has a mount namespace of its own; with a pid namespace
 * of its own, even a process that has left the former belongs to it.
 */
export interface Membership {
  readonly mnt: string;
  /** Absent when the pid namespace is shared with the host or another container. */
  readonly pid?: string;
}

/** The membership of a container by its first process; undefined when that has ended. */
export function membershipOf(pid: number): Membership | undefined {
  const mnt = namespaceOf(pid, 'mnt');
  // Before the first process is in its namespaces, and when its number is somebody else's by now.
  if (mnt === undefined || mnt === namespaceOf('self', 'mnt')) return undefined;
  const own = leadsPidNamespace(pid) ? namespaceOf(pid, 'pid') : undefined;
  return own === undefined ? { mnt } : { mnt, pid: own };
}

/** The pids of a container's processes. Those that have ended and were not collected yet do not count. */
export function members(membership: Membership): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isMember(pid, membership));
}

/**
 * What may outlive the first process of a container whose pid namespace is shared.
 *
 * @remarks
 * A namespace that is gone leaves its number to the next one, which is anybody's: its processes would be killed. So the
 * namespace is held for as long as there may be strays in it.
 */
export class Strays {
  readonly #membership: Membership;
  readonly #held: OwnedFd;

  private constructor(membership: Membership, held: OwnedFd) {
    this.#membership = membership;
    this.#held = held;
  }

  /** Those of a container by its first process; undefined when the end of that one is the end of all. */
  static of(pid: number): Strays | undefined {
    const held = whileThere(() => openat2(`/proc/${pid}/ns/mnt`, { flags: O.O_RDONLY }));
    if (held === undefined) return undefined;
    const membership = membershipOf(pid);
    const isSame = membership?.mnt === `mnt:[${fstatSync(held.fd, { bigint: true }).ino}]`;
    if (membership !== undefined && membership.pid === undefined && isSame)
      return new Strays(membership, held);
    held.close();
    return undefined;
  }

  /** The first process has ended: when there is no other, the namespace is let go. */
  ended(): void {
    if (this.#held.isOpen && members(this.#membership).length === 0) this.#held.close();
  }

  /** Resolves when none is left. Idempotent. */
  async kill(): Promise<void> {
    if (!this.#held.isOpen) return;
    try {
      await killMembers(this.#membership);
    } finally {
      this.#held.close();
    }
  }
}

/**
 * Kill the processes of a container whose pid namespace is not its own, where the end of the first process is not that
 * of all. Resolves when none is left. At least one of them has to live when this is called: see {@link Strays}.
 */
export async function killMembers(membership: Membership): Promise<void> {
  for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 50)) {
    const left = members(membership);
    if (left.length === 0) return;
    for (const pid of left) killMember(pid, membership);
    await sleep(waitMs);
  }
}

function killMember(pid: number, membership: Membership): void {
  using pidfd = failsWith([ERRNO.ESRCH], () => pidfdOpen(pid));
  // The number may belong to another process by now; the descriptor cannot change hands.
  if (pidfd === undefined || !isMember(pid, membership)) return;
  failsWith([ERRNO.ESRCH], () => pidfdSendSignal(pidfd.fd, SIG.SIGKILL));
}

const isMember = (pid: number, { mnt, pid: own }: Membership): boolean =>
  namespaceOf(pid, 'mnt') === mnt || (own !== undefined && namespaceOf(pid, 'pid') === own);

function namespaceOf(pid: number | 'self', kind: 'mnt' | 'pid'): string | undefined {
  return whileThere(() => readlinkSync(`/proc/${pid}/ns/${kind}`));
}

/** Its last number in `NSpid` is the one in its own namespace. See proc(5). */
function leadsPidNamespace(pid: number): boolean {
  const status = whileThere(() => readFileSync(`/proc/${pid}/status`, 'latin1'));
  return /^NSpid:.*\t1$/m.test(status ?? '');
}

function whileThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EACCES')) return undefined;
    throw error;
  }
}
