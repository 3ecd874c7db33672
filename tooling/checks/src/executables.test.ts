import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { exists, packages, ROOT } from './tree.ts';

/** The Node that started ./dev, which is what a user of the machine has. */
const node = process.env['NS_SYSTEM_NODE'] ?? process.execPath;
const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
const executables = packages('apps').flatMap(({ folder, manifest }) =>
  Object.entries(manifest.bin ?? {}).map(([name, path]) => ({ name, path: join(ROOT, folder, path) })),
);
const libraries = packages('packages').flatMap(({ folder, manifest }) =>
  Object.entries(manifest.exports ?? {})
    .filter(([entry]) => entry !== './package.json')
    .map(([entry, target]) => ({
      name: join(manifest.name, entry),
      path: join(ROOT, folder, (target as { default: string }).default),
      types: join(folder, (target as { types: string }).types),
    })),
);

describe(`what is shipped, on Node ${version}`, () => {
  it.each(executables)('$name tells its version', ({ path }) => {
    const { status, stdout, stderr } = spawnSync(node, [path, '--version'], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toMatch(/\d+\.\d+\.\d+/);
  });

  it.each(executables)('$name starts by itself', ({ path }) => {
    expect(readFileSync(path, 'utf8')).toMatch(/^#!\/usr\/bin\/env (-S )?node( --)?\n/);
    expect(statSync(path).mode & 0o111).toBe(0o111);
  });

  it.each(libraries)('$name can be imported, and has types', ({ path, types }) => {
    const program = `import(${JSON.stringify(path)}).then((it) => console.log(Object.keys(it).length))`;
    const out = execFileSync(node, ['-e', program], { encoding: 'utf8', timeout: 20_000 });
    expect(Number(out)).toBeGreaterThan(0);
    expect(exists(types)).toBe(true);
  });
});
