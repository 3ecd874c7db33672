import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { isErrno, NsError } from '@ns/errors';
import { ERRNO, failsWith, LOCK, syscall } from '@ns/syscall';

import { notRunning } from '../native/session.js';

const WAIT_MS = 20;
/** How long one waits for another program to end, when all slots are taken. */
const SLOT_TIMEOUT_MS = 30_000;

/** A slot that is this process's: as long as the descriptor, or a copy of it, is open. */
export interface Slot {
  readonly number: number;
  readonly lock: number;
}

/**
 * Take a slot, or wait for one: that of the first of the running programs that ends.
 *
 * @param directory - Where the locks are.
 * @throws {@link NsError} `ERR_NS_CONFLICT` when none has been free for `timeoutMs`, `ERR_NS_NOT_RUNNING` without the directory.
 */
export async function takeSlot(
  directory: string,
  slots: number,
  timeoutMs: number = SLOT_TIMEOUT_MS,
): Promise<Slot> {
  const late = Date.now() + timeoutMs;
  for (;;) {
    for (let number = 0; number < slots; number += 1) {
      const lock = tryLock(join(directory, `${number}.lock`));
      if (lock !== undefined) return { number, lock };
    }
    if (Date.now() > late) {
      throw new NsError('ERR_NS_CONFLICT', {
        operation: 'exec',
        message: `${slots} programs are executed in the container already`,
        hint: 'wait until one has ended, or start them from one that is executed',
      });
    }
    await sleep(WAIT_MS);
  }
}

function tryLock(path: string): number | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) throw notRunning('exec');
    throw error;
  }
  const locked = failsWith([ERRNO.EAGAIN], () =>
    syscall('take a slot', 'flock', fd, LOCK.LOCK_EX | LOCK.LOCK_NB),
  );
  if (locked !== undefined) return fd;
  closeSync(fd);
  return undefined;
}
