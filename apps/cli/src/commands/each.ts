import type { Cli } from '../cli.js';
import { reportLines, reportOf } from '../report.js';

/** Requests under way at once. */
const AT_ONCE = 32;

/**
 * Do the same to several things at once, and say so of each in the order they were given.
 *
 * @param act - Its result is printed instead of the name.
 * @returns The exit code: 1 when one failed.
 */
export async function each(
  cli: Cli,
  names: readonly string[],
  act: (name: string) => Promise<string | void>,
): Promise<number> {
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
  let exitCode = 0;
  for (const [i, name] of names.entries()) {
    try {
      cli.print((await results[i]) ?? name);
    } catch (error) {
      cli.warn(reportLines(reportOf(error)));
      exitCode = 1;
    }
  }
  return exitCode;
}
