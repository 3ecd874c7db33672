import { CODES } from '@ns/errors';
import { describe, expect, it } from 'vitest';

import { read, sources } from './tree.ts';

const CODE = /ERR_NS_[A-Z_]+/g;
const TABLE = 'packages/errors/src/codes.ts';

/** Codes in files that make errors. */
const used = new Set(
  sources()
    .filter((path) => path !== TABLE)
    .map((path) => read(path))
    .filter((text) => text.includes('NsError('))
    .flatMap((text) => [...text.matchAll(/'(ERR_NS_[A-Z_]+)'/g)].map((match) => match[1] ?? '')),
);

describe('error codes', () => {
  it('that are thrown are in the table', () => {
    expect([...used].filter((code) => !Object.hasOwn(CODES, code))).toEqual([]);
  });

  it('in the table are thrown', () => {
    expect(Object.keys(CODES).filter((code) => !used.has(code))).toEqual([]);
  });

  it('mentioned anywhere, comments too, exist', () => {
    const mentioned = sources().flatMap((path) => read(path).match(CODE) ?? []);
    expect([...new Set(mentioned)].filter((code) => !Object.hasOwn(CODES, code))).toEqual([]);
  });

  it('have a section each in docs/errors.md, with the meaning that the table gives', () => {
    const sections = new Map(
      read('docs/errors.md')
        .split(/^## /m)
        .slice(1)
        .map((section) => {
          const [title = '', ...rest] = section.split('\n');
          return [title.replaceAll('`', '').trim(), rest.join(' ')] as const;
        })
        .filter(([title]) => title.startsWith('ERR_NS_')),
    );
    expect([...sections.keys()]).toEqual(Object.keys(CODES));
    for (const [code, meaning] of Object.entries(CODES)) {
      expect(sections.get(code)?.toLowerCase(), code).toContain(meaning.toLowerCase());
    }
  });
});
