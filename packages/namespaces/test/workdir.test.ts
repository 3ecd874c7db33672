import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { AT, O, call, cstr } from '@ns/syscall';
import { needs } from '@ns/testing';
import { describe, expect, test } from 'vitest';

import { WORKDIR_TAG, enterWorkdir, makeWorkdir } from '../src/index.js';
import { Scratch } from './busybox-root.js';
import { runContainer, type Outcome, type Parts } from './container.js';

const able = needs('linux', 'root', 'busybox');

function run(
  path: string,
  options: { change?: (root: string) => void; make?: boolean; host?: Parts['host'] } = {},
): Outcome {
  using scratch = new Scratch();
  const root = scratch.root();
  options.change?.(root);
  return runContainer({
    root,
    script: 'pwd; stat -c "%a %u" .',
    parts: ({ rootFd }) => ({
      host: options.host ?? [],
      init: options.make === false ? [] : makeWorkdir({ rootFd, path }),
      inside: enterWorkdir({ path }),
    }),
  });
}

describe('the working directory', able, () => {
  test('is made with mode 0755, owned by root', () => {
    expect(run('/srv/new/deep/').stdout).toBe('/srv/new/deep\n755 0\n');
  });

  test('may be / or exist', () => {
    expect(run('/').stdout).toBe('/\n755 0\n');
    expect(run('/etc').stdout).toBe('/etc\n755 0\n');
  });

  test('may be reached through a link inside the root', () => {
    const { stdout } = run('/link/x', { change: (root) => symlinkSync('/etc', join(root, 'link')) });
    expect(stdout).toMatch(/^\/link\/x\n|^\/etc\/x\n/);
  });

  test('that does not exist and is not made is an error', () => {
    const { error, step } = run('/none', { make: false }).failure!;
    expect(error).toMatchObject({ code: 'ENOENT', path: '/none' });
    expect(step.tag).toBe(WORKDIR_TAG);
    expect(error.hint).toBe('/none does not exist in the container');
  });

  test('that is a file is an error', () => {
    expect(run('/etc/passwd').failure).toMatchObject({
      error: { code: 'ENOTDIR' },
      step: { tag: WORKDIR_TAG },
    });
  });
});

describe('an image whose working directory leads out (CVE-2024-21626)', able, () => {
  // What a runtime would have to leak: a descriptor of a host directory.
  const leak = [
    call('openat', [AT.AT_FDCWD, cstr('/'), O.O_RDONLY | O.O_DIRECTORY, 0], { what: 'open the host' }),
    call('dup3', [4, 9, 0], { what: 'leak' }),
    call('openat', [AT.AT_FDCWD, cstr('/usr'), O.O_RDONLY | O.O_DIRECTORY, 0], { what: 'open the host' }),
  ];
  const leaked = [...leak.slice(0, 1), call('dup3', [5, 9, 0], { what: 'leak' })];

  test.each([
    ['/proc/self/fd/9', undefined],
    ['/exit', (root: string) => symlinkSync('/proc/self/fd/9', join(root, 'exit'))],
  ] as [string, ((root: string) => void) | undefined][])('%s is refused when it is made', (path, change) => {
    const { failure, stdout } = run(path, { host: leaked, ...(change ? { change } : {}) });
    expect(failure?.error.code).toBe('ELOOP');
    expect(failure?.step.tag).toBe(WORKDIR_TAG);
    expect(stdout).toBe('');
  });

  test('is refused after chdir as well', () => {
    const { failure, stdout } = run('/proc/self/fd/9', { host: leaked, make: false });
    expect(failure?.error).toMatchObject({ code: 'EXDEV', path: '/proc/self/fd/9' });
    expect(failure?.error.hint).toContain('leads out of the container');
    expect(stdout).toBe('');
  });

  test('dots at the end of it do not help', () => {
    const { failure } = run('/x', {
      host: leaked,
      make: false,
      change: (root) => {
        mkdirSync(join(root, 'y'));
        symlinkSync('/proc/self/fd/9/../../../usr', join(root, 'x'));
      },
    });
    expect(failure?.error.code).toBe('EXDEV');
  });
});
