/** `./dev vm`: a command, or our tests, under a second kernel. */
import { parseRequest, USAGE } from './options.ts';
import { BROKEN, runUnderSecondKernel, Unavailable } from './run.ts';

const USAGE_ERROR = 2;

async function main(): Promise<number> {
  const request = parseRequest(process.argv.slice(2));
  if (request.isHelp) {
    process.stdout.write(USAGE);
    return 0;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  const job = { ...request.job, stderr: process.stderr, signal: stop.signal };
  if (request.tests !== undefined) {
    // Only here: to load vitest takes a second.
    const { runSuites } = await import('./suites.ts');
    return runSuites(request.tests.packages, request.tests.arguments, job);
  }
  // Nobody reads any more.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => stop.abort());
  try {
    const [name = '', ...rest] = request.command;
    const streams = { stdin: process.stdin, stdout: process.stdout };
    return await runUnderSecondKernel({ ...job, ...streams, command: [name, ...rest] });
  } finally {
    process.stdin.destroy();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof Unavailable) {
    process.stderr.write(`vm: there is no second kernel: ${error.message}\n`);
    process.exitCode = BROKEN;
  } else {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.stderr.write('\nhint: ./dev vm --help\n');
    process.exitCode = USAGE_ERROR;
  }
}
