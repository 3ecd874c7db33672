import { describe, expect, test } from 'vitest';

import { checkOverlay, isPlainParameter, overlayData } from './overlay.js';

describe('overlayData', () => {
  test('joins layers and escapes what the kernel splits at', () => {
    expect(overlayData({ lower: ['/a', '/b:c', '/d,e', String.raw`/f\g`], userxattr: false })).toBe(
      String.raw`lowerdir=/a:/b\:c:/d\,e:/f\\g,index=off`,
    );
    expect(overlayData({ lower: ['/l'], upper: '/u,1', work: String.raw`/w\x:y`, userxattr: true })).toBe(
      String.raw`lowerdir=/l,upperdir=/u\,1,workdir=/w\\x:y,index=off,userxattr`,
    );
  });

  test('is undefined beyond a page', () => {
    const lower = (count: number): string[] => Array.from({ length: count }, () => '/'.padEnd(40, 'x'));
    expect(overlayData({ lower: lower(99), userxattr: false })).toHaveLength(
      'lowerdir='.length + 99 * 41 - 1 + ',index=off'.length,
    );
    expect(overlayData({ lower: lower(100), userxattr: false })).toBeUndefined();
  });
});

test('a parameter is plain when no kernel can misread it', () => {
  expect(isPlainParameter('/var/lib/layer')).toBe(true);
  expect(['/a,b', '/a:b', String.raw`/a\b`, '/'.padEnd(256, 'x')].map(isPlainParameter)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

describe('checkOverlay', () => {
  test('refuses more layers than the kernel has', () => {
    const lower = Array.from({ length: 501 }, () => '/a');
    expect(() => checkOverlay({ kind: 'overlay', lower })).toThrow(
      /501 lower directories are more than the kernel's 500/,
    );
    expect(() => checkOverlay({ kind: 'overlay', lower: lower.slice(1) })).not.toThrow();
  });

  test('checks every path', () => {
    const paths = { lower: ['/l'], upper: '/u', work: 'w' };
    expect(() => checkOverlay({ kind: 'overlay', ...paths })).toThrow(/path "w" is not absolute/);
  });
});
