import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { which, type Requirement } from '@ns/testing';
import { afterAll, beforeAll, expect } from 'vitest';

/** A directory for the tests of a file, and a check that they leave no descriptor behind. Paths are made below it. */
export function scratch(name: string): (...parts: string[]) => string {
  let folder = '';
  let before: string[] = [];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), `ns-images-${name}-`));
    before = openFiles();
  });
  afterAll(() => {
    expect(openFiles().filter((path) => path.startsWith(folder))).toEqual([]);
    expect(openFiles().length).toBeLessThanOrEqual(before.length + 2);
    rmSync(folder, { recursive: true });
  });
  return (...parts) => join(folder, ...parts);
}

/** What the descriptors of this process lead to. */
export function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

/** A program of the machine. */
export const program = (name: string): Requirement => ({
  name: `the command ${name}`,
  missing: () => (which(name) === undefined ? `${name} is not installed` : undefined),
});
