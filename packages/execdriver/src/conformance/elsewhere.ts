import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

import type { ContainerSpec } from '../contract.js';
import type { Bench } from './bench.js';

/** Creates and starts or adopts containers, says so, and waits to be killed. Reads nothing of what they write. */
const PROGRAM = `
const [url, name, stateRoot, ...deeds] = process.argv.slice(1);
const driver = (await import(url))[name]({ stateRoot });
for (const text of deeds) {
  const { create, start, adopt } = JSON.parse(text);
  if (create) await driver.create(create);
  if (start) await (await driver.create(start)).start();
  if (adopt) await driver.adopt(adopt);
}
console.log('ready');
setInterval(() => undefined, 1_000_000);
`;

/** What another process does, once. */
export type Deed =
  | { readonly create: ContainerSpec }
  | { readonly start: ContainerSpec }
  | { readonly adopt: string };

/** Another process that has containers, until it is killed. */
export interface Elsewhere {
  /** Kill it as the kernel would: it can do nothing about it. */
  kill(): Promise<void>;
}

/** Have containers in another process. */
export async function elsewhere(bench: Bench, deeds: readonly Deed[]): Promise<Elsewhere> {
  const module = bench.options.module;
  assert.ok(module !== undefined);
  const url = module.url.startsWith('/') ? pathToFileURL(module.url).href : module.url;
  const { nodeOptions = [] } = module;
  const program = ['--input-type=module', '--eval', PROGRAM];
  const args = [url, module.name, bench.stateRoot, ...deeds.map((deed) => JSON.stringify(deed))];
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
