import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

import {
  createCgroup,
  detect,
  openCgroup,
  type Cgroup,
  type CgroupLayout,
  type Owner,
  type Resources,
} from '../src/index.js';

/** How this machine is. */
export const layout: CgroupLayout = detect();

/** Where the controllers are, and so what the files are called. */
export const version: 1 | 2 = layout.kind === 'v2' ? 2 : 1;

/** A group of the tests' own, under which all others are made. */
const BASE = `ns-test-${process.pid}`;
let number = 0;

/** A cgroup that is killed and removed at the end of its block. */
export async function withGroup(
  resources: Resources,
  use: (group: Cgroup) => Promise<void> | void,
  more: { readonly owner?: Owner } = {},
): Promise<void> {
  const group = createCgroup({ parent: '/', name: `${BASE}/${number++}`, resources, layout, ...more });
  try {
    await use(group);
  } finally {
    await group.kill();
    await group.remove();
    // The one above goes with the last.
    await openBase()?.remove({ timeoutMs: 200 });
  }
}

function openBase(): Cgroup | undefined {
  try {
    return openCgroup(`/${BASE}`, layout);
  } catch {
    return undefined;
  }
}

/** Starts a command in a group: it is moved there before its shell goes on. */
export async function runIn(group: Cgroup, script: string): Promise<ChildProcess> {
  const child = spawn('/bin/sh', ['-c', `read go; ${script}`], { stdio: ['pipe', 'pipe', 'pipe'] });
  await once(child, 'spawn');
  group.add(child.pid ?? 0);
  child.stdin?.end('\n');
  return child;
}

/** Everything that a child writes to standard output, and how it ends. */
export async function outcome(
  child: ChildProcess,
): Promise<{ text: string; code: number | null; signal: string | null }> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { text, code, signal };
}

/** What a control file says. */
export const control = (group: Cgroup, controller: string, file: string): string =>
  readFileSync(`${group.directory(controller)}/${file}`, 'utf8').trim();

/** What some control files say, whose controller is the first part of their name. */
export const controls = (group: Cgroup, files: readonly string[]): Record<string, string> =>
  Object.fromEntries(files.map((file) => [file, control(group, file.split('.')[0] ?? '', file)]));
