import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { inspect } from 'node:util';

import { hintOf, NsError } from '@ns/errors';

import type { Abilities, MountSpec, NamespaceKind, RootSpec } from '../contract.js';
import type { Bench, Change } from './bench.js';

/** An ability, as a case asks for it: a member of {@link Abilities}, or an element of one that is a list. */
export type Need =
  | Exclude<keyof Abilities, 'namespaces' | 'roots' | 'mounts' | 'ownKernel' | 'umask'>
  | `${NamespaceKind} namespace`
  | `${RootSpec['kind']} root`
  | `${MountSpec['type']} mount`;

/** Whether a driver declares it. */
export function declares(abilities: Abilities, need: Need): boolean {
  const [name = '', list] = need.split(' ');
  if (list === 'namespace') return (abilities.namespaces as readonly string[]).includes(name);
  if (list === 'root') return (abilities.roots as readonly string[]).includes(name);
  if (list === 'mount') return (abilities.mounts as readonly string[]).includes(name);
  return abilities[need as 'exec'];
}

/** A spec that asks for no more than what is needed of the ability. */
const ASKING: Partial<Record<Need, (bench: Bench) => Change>> = {
  'overlay root': (bench) => ({ root: { kind: 'overlay', lower: [bench.rootfs] } }),
  'directory root': (bench) => ({ root: { kind: 'directory', path: bench.rootfs } }),
  'bind mount': (bench) => ({ mounts: [{ type: 'bind', source: bench.scratch, target: '/mnt' }] }),
  'tmpfs mount': () => ({ mounts: [{ type: 'tmpfs', target: '/mnt' }] }),
  idMappedMounts: (bench) => {
    const map = [{ inside: 0, outside: 1, length: 1 }];
    return {
      mounts: [{ type: 'bind', source: bench.scratch, target: '/mnt', idMap: { uids: map, gids: map } }],
    };
  },
  joinNamespaces: (bench) => ({
    namespaces: { [bench.driver.info.abilities.namespaces[0] ?? 'net']: { pid: process.pid } },
  }),
  readonlyRoot: () => ({ readonlyRoot: true }),
  terminal: () => ({ process: { terminal: { rows: 24, columns: 80 } } }),
  user: () => ({ process: { user: '1000' } }),
  capabilities: () => ({ process: { capabilities: [] } }),
  apparmor: () => ({ process: { apparmor: 'profile' } }),
  seccomp: () => ({ process: { seccomp: { defaultAction: 'SCMP_ACT_ALLOW' } } }),
  resources: () => ({ resources: { pids: { limit: 10 } } }),
  network: () => ({ network: { interfaces: [] } }),
  rlimits: () => ({ process: { rlimits: [{ name: 'nofile', soft: 64, hard: 64 }] } }),
  sysctls: () => ({ sysctls: { 'net.core.somaxconn': '1024' } }),
  init: () => ({ init: true }),
  hostname: () => ({ hostname: 'name' }),
  driverConfig: () => ({ driverConfig: [['name', 'value']] }),
};

/** Do what needs the ability, as plainly as possible. */
async function ask(bench: Bench, need: Need): Promise<unknown> {
  if (need === 'adopt') return bench.driver.adopt('none');
  if (need === 'exec' || need === 'signals' || need === 'pause') {
    const container = await bench.start({ process: { args: ['sleep', '100'] } });
    if (need === 'pause') return container.pause();
    return need === 'exec' ? container.exec({ args: ['true'], env: [] }) : container.signal(0);
  }
  if (need.endsWith(' namespace')) {
    const map = [{ inside: 0, outside: 0, length: 1 }];
    const maps = need === 'user namespace' ? { uidMap: map, gidMap: map } : {};
    return bench.create({ namespaces: { [need.split(' ')[0]!]: 'new' }, ...maps });
  }
  return bench.create(ASKING[need]!(bench));
}

/** A driver that does not declare an ability refuses what takes it: with the code, a sentence, and nothing made. */
export async function assertRefused(bench: Bench, need: Need): Promise<void> {
  let refusal: unknown;
  try {
    await ask(bench, need);
  } catch (error) {
    refusal = error;
  }
  assert.ok(refusal !== undefined, `${need} is not declared, and was not refused`);
  assert.ok(NsError.is(refusal), `refused with ${inspect(refusal)}, not with an NsError`);
  assert.equal(refusal.code, 'ERR_NS_UNSUPPORTED', refusal.message);
  assert.match(refusal.message, /^[a-z ]+: .{10,}[^.]$/, 'a refusal is "operation: fact"');
  assert.ok(hintOf(refusal), `${refusal.message}: a refusal has a hint`);
  if (need === 'exec' || need === 'signals' || need === 'pause') return;
  await assertUntouched(bench);
}

/** No state: what was refused was refused before anything was made. */
export async function assertUntouched(bench: Bench): Promise<void> {
  assert.deepEqual(await bench.driver.list(), [], 'a refusal comes before anything is made');
  assert.deepEqual(readdirIfThere(bench.stateRoot), [], 'a refusal comes before anything is made');
}

function readdirIfThere(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
