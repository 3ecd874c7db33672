import { setTimeout as sleep } from 'node:timers/promises';

/** The first answer of `ask` that is not undefined, asked every few milliseconds for at most five seconds. */
export async function until<T>(ask: () => T | undefined): Promise<T> {
  for (let turn = 0; turn < 1000; turn++) {
    const answer = ask();
    if (answer !== undefined) return answer;
    await sleep(5);
  }
  throw new Error('nothing came within five seconds');
}
