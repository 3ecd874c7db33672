import { main } from './cli.js';

async function run(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2), {
    env: process.env,
    uid: process.geteuid?.() ?? 0,
    print: (text) => process.stdout.write(text),
    warn: (text) => process.stderr.write(text),
  });
}

void run();
