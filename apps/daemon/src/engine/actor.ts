import { NsError } from '@ns/errors';

/**
 * A queue of operations on one object: they run one after the other, in the order in which they came, and one that
 * fails does not keep the next from running. There is no lock that two objects share.
 */
export class Actor {
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** How many operations are running or waiting. */
  get depth(): number {
    return this.#waiting;
  }

  /** Run `operation` when everything before it has ended. */
  run<T>(operation: () => Promise<T> | T): Promise<T> {
    this.#waiting += 1;
    const result = this.#tail.then(operation);
    const settled = (): void => {
      this.#waiting -= 1;
    };
    this.#tail = result.then(settled, settled);
    return result;
  }

  /** Resolves when everything that was queued until now has ended. */
  idle(): Promise<void> {
    return this.run(() => undefined);
  }
}

/**
 * `promise`, or an error when it takes longer.
 *
 * @param what - What is being done, for the message: `start container 4e7b…`.
 * @throws {@link NsError} `ERR_NS_TIMEOUT`
 */
export async function withTimeout<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(
        new NsError('ERR_NS_TIMEOUT', {
          operation: what,
          message: `no answer within ${timeoutMs / 1000} s`,
          hint: 'A file system or device the operation touches may hang; see the log of ns-daemon.',
        }),
      );
    }, timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
