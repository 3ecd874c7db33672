// A worker of vitest under the second kernel: takes requests from descriptor 3 and answers on descriptor 4. Everything
// else of vitest (finding tests, transforming sources, reporting) stays outside, where it is not emulated.
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';

import { init, runBaseTests, setupEnvironment } from 'vitest/worker';

import { frame, unframer } from './frames.mjs';

const exit = process.exit.bind(process);
const listeners = new Set();
const input = new Socket({ fd: 3, readable: true, writable: false });
input.on(
  'data',
  unframer((message) => {
    for (const listener of listeners) listener(message);
  }),
);
// Nobody is left who could want an answer.
input.on('end', () => exit(0));

// Written at once: a test may end the process.
function post(message) {
  const bytes = frame(message);
  for (let at = 0; at < bytes.length;) at += writeSync(4, bytes, at);
}

init({
  post,
  on: (listener) => listeners.add(listener),
  off: (listener) => listeners.delete(listener),
  runTests: (state, traces) => runBaseTests('run', state, traces),
  collectTests: (state, traces) => runBaseTests('collect', state, traces),
  setup: setupEnvironment,
});
post('ready');
