import type { Cli } from '../cli.js';
import { reportLines, reportOf } from '../report.js';

/** Requests under way at once. */
const AT_ONCE = 32;

/**
 * Do the same to several things at once, and say so of each in the order they were given.
 *
 * @param act - Its result is printed instead of the name.
 * @returns The names of those that failed.
 */
export async function each(
  cli: Cli,
  names: readonly string[],
  act: (name: string) => Promise<string | void>,
): Promise<string[]> {
  let next = 0;
  const results: Promise<string | void>[] = [];
  const work = async (): Promise<void> => {
    for (let i = next++; i < names.length; i = next++) {
      const result = act(names[i] ?? '');
      results[i] = result;
      await result.catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, names.length) }, work));
  const failed: string[] = [];
  for (const [i, name] of names.entries()) {
    try {
      cli.print((await results[i]) ?? name);
    } catch (error) {
      cli.warn(reportLines(reportOf(error)));
      failed.push(name);
    }
  }
  return failed;
}

/** As {@link each}. @returns The exit code: 1 when one failed. */
export async function exitCodeOfEach(...args: Parameters<typeof each>): Promise<number> {
  return (await each(...args)).length > 0 ? 1 : 0;
}
