import { dirname, join, normalize } from 'node:path';

import { describe, expect, it } from 'vitest';

import { exists, files, packages, read, sources } from './tree.ts';

const shipped = packages('packages', 'apps');
const typescript = files('packages/**', 'apps/**', 'tooling/**').filter((path) => path.endsWith('.ts'));
const markdown = files('*.md', '**/*.md');
const lines = (path: string): number => read(path).trimEnd().split('\n').length;

describe('each package', () => {
  it.each(shipped.map(({ folder }) => folder))('%s has a README and a CHANGELOG with its name', (folder) => {
    const { manifest } = shipped.find((one) => one.folder === folder) ?? {};
    expect(read(`${folder}/README.md`)).toMatch(new RegExp(`^# .*${manifest?.name}`));
    expect(read(`${folder}/CHANGELOG.md`)).toMatch(new RegExp(`^# ${manifest?.name}\n`));
  });

  it('runs on Node 20', () => {
    expect(shipped.map(({ manifest }) => manifest.engines?.['node'])).toEqual(shipped.map(() => '>=20.11'));
  });
});

describe('files', () => {
  it('are named in kebab-case, after their subject', () => {
    const names = typescript.map(
      (path) =>
        path
          .split('/')
          .at(-1)
          ?.replace(/(\.test|\.bench|\.fixture|\.config|\.d)?\.ts$/, '') ?? '',
    );
    expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([]);
    expect(names.filter((name) => /^(utils?|helpers?|common|misc|manager)$/.test(name))).toEqual([]);
  });

  it('of the packages import each other as .js, as what is shipped needs it', () => {
    const bad = files('packages/*/src/**', 'apps/*/src/**').filter(
      (path) => path.endsWith('.ts') && /(from|import\() ?'\.{1,2}\/[^']*(?<!\.js|\.json)'/.test(read(path)),
    );
    expect(bad).toEqual([]);
  });

  it('have no test that is alone or left to do', () => {
    const bad = /\b(it|test|describe)\.(only|todo)\b/;
    expect(
      typescript.filter((path) => path !== 'tooling/checks/src/layout.test.ts' && bad.test(read(path))),
    ).toEqual([]);
  });

  it('have one subject: none is longer than 600 lines', () => {
    expect(sources().filter((path) => lines(path) > 600)).toEqual([]);
  });

  it('have no unfinished work', () => {
    // Written so that it does not find itself.
    const words = /\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b/;
    expect(typescript.filter((path) => words.test(read(path)))).toEqual([]);
  });
});

describe('decisions', () => {
  const records = files('docs/adr/*.md').map((path) => path.replace('docs/adr/', ''));

  it('are numbered without gaps', () => {
    expect(records.map((name) => Number(name.slice(0, 4)))).toEqual(records.map((_, index) => index + 1));
  });

  it('are at most 40 lines each', () => {
    expect(records.filter((name) => lines(`docs/adr/${name}`) > 40)).toEqual([]);
  });
});

describe('documents', () => {
  it('link to files that exist', () => {
    const broken = markdown.flatMap((path) =>
      [...read(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)]*)?\)/g)]
        .map((match) => normalize(join(dirname(path), match[1] ?? '')))
        .filter((target) => !exists(target))
        .map((target) => `${path}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('list every dependency that is shipped, and no other', () => {
    const declared = shipped.flatMap(({ manifest }) =>
      Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }),
    );
    // Bundles of apps have what their sources import, which whoever installs them does not install.
    const bundled = sources().flatMap((path) => [
      ...(path.startsWith('apps/') ? read(path).matchAll(/(?:from|import\() ?'([^'.][^']*)'/g) : []),
    ]);
    const names = [...declared, ...bundled.map((match) => match[1] ?? '')].filter(
      (name) => !name.startsWith('@ns/') && !name.startsWith('node:'),
    );
    const table = read('docs/dependencies.md').split('## Shipped')[1]?.split(/^## /m)[0] ?? '';
    const documented = [...table.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1] ?? '');
    expect([...new Set(documented)].toSorted()).toEqual([...new Set(names)].toSorted());
  });
});
