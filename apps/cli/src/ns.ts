import { main } from './root.js';
import { flushAll, stderr, stdout } from './streams.js';

async function run(): Promise<never> {
  const exitCode = await main(process.argv.slice(2), {
    env: process.env,
    stdin: () => process.stdin,
    stdout,
    stderr,
  });
  await flushAll();
  // stdin may still be open, and is not waited for.
  process.exit(exitCode);
}

void run();
