import { needs } from '@ns/testing';
import { expect, test } from 'vitest';

const isKoffiLoaded = (): boolean => {
  const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] };
  return sharedObjects.some((path) => path.includes('koffi'));
};

test('importing the package loads no native code, the first call does', needs('linux'), async () => {
  const { getResourceLimit, pipe } = await import('../src/index.js');
  expect(pipe).toBeTypeOf('function');
  expect(isKoffiLoaded()).toBe(false);
  getResourceLimit(0, 'RLIMIT_NOFILE');
  expect(isKoffiLoaded()).toBe(true);
});
