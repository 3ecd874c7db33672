import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Container, ContainerSpec, DriverSettings, ExecDriver } from '@ns/execdriver';
import { BusyboxRoot } from '@ns/testing/drivers';

import { driver } from '../src/index.js';

/** What a container left. */
export interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** Containers for tests: a root, a state root, and what is left of them taken away. */
export class Bench implements Disposable {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'ns-oci-'));
  readonly root: BusyboxRoot = new BusyboxRoot();
  #count = 0;

  driver(settings: DriverSettings): ExecDriver {
    return driver.create({ stateRoot: join(this.directory, 'state'), settings });
  }

  spec(script: string, change: Partial<ContainerSpec> = {}): ContainerSpec {
    return {
      id: `c${++this.#count}`,
      root: { kind: 'directory', path: this.root.path },
      process: { args: ['sh', '-c', script], env: ['PATH=/bin'] },
      ...change,
    };
  }

  /** Run a script to its end. Nothing is left of its container, whatever happens. */
  async run(from: ExecDriver, spec: ContainerSpec): Promise<Outcome> {
    const container = await from.create(spec);
    try {
      await container.start();
      return await outcomeOf(container);
    } finally {
      await container.destroy();
    }
  }

  [Symbol.dispose](): void {
    this.root[Symbol.dispose]();
    rmSync(this.directory, { recursive: true });
  }
}

async function outcomeOf(container: Container): Promise<Outcome> {
  let output = '';
  container.streams?.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  for await (const chunk of container.streams!.stdout!) output += String(chunk);
  const { code } = await container.wait();
  return { code, output };
}

/** The runtimes whose containers are this kernel's processes. */
export const LINUX: readonly (readonly [name: string, settings: DriverSettings])[] = [
  ['runc', { path: '/usr/sbin/runc' }],
  ['crun', { path: '/usr/bin/crun' }],
];
