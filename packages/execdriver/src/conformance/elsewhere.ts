import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

import type { ContainerSpec } from '../contract.js';
import type { Bench } from './bench.js';

/** Creates and starts containers, says so, and waits to be killed. Reads nothing of what they write. */
const PROGRAM = `
const [url, name, stateRoot, ...specs] = process.argv.slice(1);
const driver = (await import(url))[name]({ stateRoot });
for (const text of specs) {
  const { start, spec } = JSON.parse(text);
  const container = await driver.create(spec);
  if (start) await container.start();
}
console.log('ready');
setInterval(() => undefined, 1_000_000);
`;

/** A container that another process makes. */
export interface MadeElsewhere {
  readonly spec: ContainerSpec;
  readonly start: boolean;
}

/** Another process that has made containers, until it is killed. */
export interface Elsewhere {
  /** Kill it as the kernel would: it can do nothing about it. */
  kill(): Promise<void>;
}

/** Make containers in another process. */
export async function elsewhere(bench: Bench, containers: readonly MadeElsewhere[]): Promise<Elsewhere> {
  const module = bench.options.module;
  assert.ok(module !== undefined);
  const url = module.url.startsWith('/') ? pathToFileURL(module.url).href : module.url;
  const { nodeOptions = [] } = module;
  const program = ['--input-type=module', '--eval', PROGRAM];
  const args = [url, module.name, bench.stateRoot, ...containers.map((each) => JSON.stringify(each))];
  const child = spawn(process.execPath, [...nodeOptions, ...program, '--', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = once(child, 'close');
  const ready = new Promise<true>((resolve) => {
    createInterface(child.stdout).on('line', (line) => line === 'ready' && resolve(true));
  });
  const isReady = await Promise.race([ready, ended.then(() => false)]);
  assert.ok(isReady, `the other process failed: ${errors}`);
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
