/** `./dev vm`: a command, or our tests, under a second kernel. */
import { parseRequest, USAGE, type Request } from './options.ts';
import { BROKEN, runUnderSecondKernel, Unavailable } from './run.ts';
import { testCommand } from './suites.ts';

const USAGE_ERROR = 2;

async function main(): Promise<number> {
  const request = parseRequest(process.argv.slice(2));
  if (request.isHelp) {
    process.stdout.write(USAGE);
    return 0;
  }
  const command = commandOf(request);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  // Nobody reads any more.
  process.stdout.on('error', () => stop.abort());
  process.stderr.on('error', () => stop.abort());
  try {
    return await runUnderSecondKernel({
      ...request.job,
      command,
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      signal: stop.signal,
    });
  } finally {
    process.stdin.destroy();
  }
}

function commandOf({ tests, job }: Request): [string, ...string[]] {
  if (tests !== undefined) return testCommand(tests.packages, tests.arguments);
  const [name = '', ...rest] = job.command;
  return [name, ...rest];
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof Unavailable) process.exitCode = BROKEN;
  else {
    process.stderr.write('\nhint: ./dev vm --help\n');
    process.exitCode = USAGE_ERROR;
  }
}
