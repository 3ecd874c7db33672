import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { packages, ROOT } from './tree.ts';

/** Which layer may use which: apps → drivers → composite, and client → subsystems → syscall → errors. */
const ALLOWED: Record<string, readonly string[]> = {
  errors: [],
  syscall: ['errors'],
  subsystem: ['errors', 'syscall'],
  client: ['errors'],
  composite: ['errors', 'syscall', 'subsystem'],
  driver: ['errors', 'syscall', 'subsystem', 'composite'],
  app: ['errors', 'syscall', 'subsystem', 'client', 'composite', 'driver'],
};
const LAYERS = Object.keys(ALLOWED);

/** The layer of each package. A new package is entered here. */
const LAYER_OF: Record<string, string> = {
  'packages/errors': 'errors',
  'packages/syscall': 'syscall',
  'packages/apparmor': 'subsystem',
  'packages/caps': 'subsystem',
  'packages/cgroups': 'subsystem',
  'packages/namespaces': 'subsystem',
  'packages/netfw': 'subsystem',
  'packages/seccomp': 'subsystem',
  'packages/engine-api': 'client',
  'packages/execdriver': 'composite',
  'packages/driver-chroot': 'driver',
  'packages/images': 'composite',
  'packages/driver-lxc': 'driver',
  'packages/driver-oci': 'driver',
  'packages/driver-libvirt-lxc': 'driver',
  'packages/driver-nspawn': 'driver',
  'packages/driver-qemu': 'driver',
  'packages/driver-uml': 'driver',
  'apps/cli': 'app',
  'apps/daemon': 'app',
  'apps/oci': 'app',
};

describe('layers', () => {
  it('are what turbo is told', () => {
    const tags = Object.fromEntries(
      packages('packages', 'apps').map(({ folder, tags: own }) => [folder, own]),
    );
    expect(tags).toEqual(
      Object.fromEntries(Object.entries(LAYER_OF).map(([folder, layer]) => [folder, [layer]])),
    );
  });
});

describe('turbo boundaries, with the rules of this repository', () => {
  let folder = '';
  let output = '';
  let status: number | null = null;

  /** A workspace with a package for each layer, and one for each arrow between two of them. */
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ns-boundaries-'));
    copyFileSync(join(ROOT, 'turbo.json'), join(folder, 'turbo.json'));
    write('package.json', { name: 'root', private: true, packageManager: 'pnpm@12.21.0' });
    writeFileSync(join(folder, 'pnpm-workspace.yaml'), 'packages:\n  - p/*\n');
    for (const layer of LAYERS) addPackage(layer, layer);
    for (const from of LAYERS) for (const to of LAYERS) addPackage(`${from}-to-${to}`, from, to);
    spawnSync('git', ['init', '-q'], { cwd: folder });
    const run = spawnSync(join(ROOT, 'node_modules/.bin/turbo'), ['boundaries', '--no-color'], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
    });
    status = run.status;
    // turbo breaks long lines, within names too.
    output = (run.stdout + run.stderr).replaceAll(/\n\s*\|\s*/g, '');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const write = (path: string, content: unknown): void =>
    writeFileSync(join(folder, path), JSON.stringify(content));
  const addPackage = (name: string, layer: string, uses?: string): void => {
    mkdirSync(join(folder, 'p', name), { recursive: true });
    const dependencies = uses === undefined ? {} : { [`@t/${uses}`]: 'workspace:*' };
    write(`p/${name}/package.json`, { name: `@t/${name}`, version: '1.0.0', dependencies });
    write(`p/${name}/turbo.json`, { extends: ['//'], tags: [layer] });
    writeFileSync(
      join(folder, 'p', name, 'index.ts'),
      uses ? `import '@t/${uses}';\n` : 'export const a = 1;\n',
    );
  };

  it('refuses the workspace', () => {
    expect(output).toContain('issue');
    expect(status).toBe(1);
  });

  it.each(LAYERS)('allows %s what is below it and refuses the rest', (from) => {
    const refused = LAYERS.filter((to) => output.includes(`\`@t/${from}-to-${to}\``));
    expect(refused).toEqual(LAYERS.filter((to) => !ALLOWED[from]?.includes(to)));
  });
});
