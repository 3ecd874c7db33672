import { main } from './cli.js';
import { flushAll, writeError, writeOut } from './streams.js';

async function run(): Promise<never> {
  const exitCode = await main(process.argv.slice(2), {
    env: process.env,
    uid: process.geteuid?.() ?? 0,
    print: writeOut,
    warn: writeError,
  });
  await flushAll();
  // Node takes its time to take everything down by itself.
  process.exit(exitCode);
}

void run();
