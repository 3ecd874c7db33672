import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';

import type { PoolRunnerInitializer, PoolWorker } from 'vitest/node';

import { frame, unframer } from '../guest/frames.mjs';
import { runUnderSecondKernel, type Job } from './run.ts';
import { quote } from './quote.ts';

/** A process under the second kernel that runs test files for a vitest out here. */
export interface GuestWorker extends AsyncDisposable {
  /** What `pool` in vitest's configuration takes. There is one worker, so vitest must not isolate files. */
  readonly pool: PoolRunnerInitializer;
}

const SCRIPT = fileURLToPath(new URL('../guest/worker.mjs', import.meta.url));

/**
 * Start a virtual machine with a worker in it, and wait until it is ready.
 *
 * @throws {@link Unavailable} when this machine cannot have one; `Error` when it ended at once, having said why.
 */
export async function startWorker(job: Omit<Job, 'command' | 'stdin' | 'stdout'>): Promise<GuestWorker> {
  const events = new EventEmitter();
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const isReady = new Promise<void>((resolve) => events.once('message', () => resolve()));
  stdout.on(
    'data',
    unframer((message) => events.emit('message', message)),
  );
  // What tests print goes to standard error, so that it does not mix with the messages.
  const node = [process.execPath, SCRIPT].map(quote).join(' ');
  const gone = runUnderSecondKernel({
    ...job,
    command: ['/bin/sh', '-c', `exec ${node} 3<&0 4>&1 </dev/null >&2`],
    // NS_EMULATED is for tests with limits of their own.
    environment: {
      NS_EMULATED: '1',
      NODE_ENV: 'test',
      VITEST: 'true',
      TEST: 'true',
      MODE: 'test',
      ...job.environment,
    },
    stdin,
    stdout,
  });
  const ended = gone.then((status) => {
    events.emit('exit', status);
    return status;
  });
  await Promise.race([
    isReady,
    ended.then((status) => {
      throw new Error(`vm: the worker of vitest ended with status ${status} before it was ready`);
    }),
  ]);
  return {
    pool: { name: 'second-kernel', createPoolWorker: () => poolWorker(events, stdin) },
    async [Symbol.asyncDispose]() {
      stdin.end();
      await ended;
    },
  };
}

/** The worker as vitest wants it. It was started before, and goes with the virtual machine. */
function poolWorker(events: EventEmitter, stdin: PassThrough): PoolWorker {
  return {
    name: 'second-kernel',
    on: (event, callback) => void events.on(event, callback),
    off: (event, callback) => void events.off(event, callback),
    send: (message) => void stdin.write(frame(message)),
    deserialize: (data) => data,
    start: async () => {},
    stop: async () => {},
    canReuse: () => true,
  };
}
