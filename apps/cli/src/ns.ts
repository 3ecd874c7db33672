import { reportLines, reportOf } from './report.js';
import { main } from './root.js';
import { dieOfBrokenPipe, flush } from './streams.js';

/** Ends this process: stdin may still be open, and is not waited for. */
async function end(exitCode: number): Promise<never> {
  await Promise.all([flush(process.stdout), flush(process.stderr)]);
  process.exit(exitCode);
}

async function fail(error: unknown): Promise<never> {
  const { Failure } = await import('./failure.js');
  const exitCode = error instanceof Failure ? error.exitCode : 1;
  const report = reportOf(error);
  if (report.message !== '') process.stderr.write(`${reportLines(report)}\n`);
  if (process.argv.slice(2, 3).some((word) => word === '-D' || word === '--debug')) {
    process.stderr.write(`${error instanceof Error ? error.stack : ''}\n`);
  }
  return end(exitCode);
}

for (const stream of [process.stdout, process.stderr]) stream.on('error', dieOfBrokenPipe);
main(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
}).then(end, fail);
