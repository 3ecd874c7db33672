import { dirname } from 'node:path';

import { describe, expect, it } from 'vitest';

import { files, read, ROOT } from './tree.ts';

/** Spelt in pieces, so that this file does not mention them either. */
const REGISTRY_HOSTS = [
  ['registry', 'npmjs', 'org'],
  ['registry', 'yarnpkg', 'com'],
  ['npm', 'pkg', 'github', 'com'],
  ['deb', 'debian', 'org'],
  ['security', 'debian', 'org'],
  ['proxy', 'golang', 'org'],
].map((parts) => parts.join('.'));

/** A path of whoever works here, not of every machine. */
const MACHINE_PATH = new RegExp(
  `(^|[^\\w.{}$/*-])/(${['wo', 'fa'].map((start) => `${start}r[km]`).join('|')}|home/(?!user\\b)\\w+)/`,
);

const texts = files().map((path) => ({ path, text: read(path) }));
const offenders = (bad: (text: string) => boolean): string[] =>
  texts.filter(({ text }) => !text.includes('\0') && bad(text)).map(({ path }) => path);

describe('no file', () => {
  it('names a package registry: which one is used is the business of the machine', () => {
    expect(offenders((text) => REGISTRY_HOSTS.some((host) => text.includes(host)))).toEqual([]);
  });

  it('has a path of the machine it was written on', () => {
    // Where the clone's path is short, such as /x, it could be part of anything.
    const here = dirname(ROOT) === '/' ? [] : [ROOT];
    expect(offenders((text) => MACHINE_PATH.test(text) || here.some((path) => text.includes(path)))).toEqual(
      [],
    );
  });

  it('is output of a build or a lockfile of another package manager', () => {
    const bad = /(^|\/)(dist|coverage|node_modules)\/|(^|\/)(package-lock\.json|yarn\.lock)$|\.tsbuildinfo$/;
    expect(texts.map(({ path }) => path).filter((path) => bad.test(path))).toEqual([]);
  });
});

describe('the lockfile', () => {
  it('has no address to fetch from', () => {
    expect(read('pnpm-lock.yaml')).not.toMatch(/https?:|tarball:/);
  });
});
