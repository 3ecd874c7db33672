import type { Cli } from '../cli.js';

/** Ask before something is done that cannot be undone. Whoever says nothing, or has nothing to say it with, says no. */
export async function confirm(cli: Cli, warning: string): Promise<boolean> {
  cli.stdout.write(`${warning}\nAre you sure you want to continue? [y/N] `);
  let answer = '';
  for await (const chunk of cli.stdin) {
    answer += String(chunk);
    if (answer.includes('\n')) break;
  }
  return /^\s*y\s*$/i.test(answer.split('\n', 1)[0] ?? '');
}
