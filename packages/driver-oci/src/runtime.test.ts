import { describe, expect, test } from 'vitest';

import { versionIn } from './probe.js';
import { dialectOf, findRuntime } from './runtime.js';

describe('a runtime', () => {
  test.each([
    ['/usr/bin/crun', '/usr/bin/crun', 'crun'],
    ['/usr/bin/runtime', '/opt/runsc', 'runsc'],
    ['/usr/sbin/runc', '/usr/sbin/runc', 'runc'],
    ['/usr/bin/youki', '/usr/bin/youki', 'runc'],
  ])('%s, which is %s, is spoken to as %s', (path, target, dialect) => {
    expect(dialectOf(path, target)).toBe(dialect);
  });

  test.each([
    [{ colour: 'red' }, 'no setting "colour"'],
    [{ path: 'runc' }, 'not absolute'],
    [{ path: '/usr/bin\0/runc' }, 'not absolute'],
    [{ path: '/none/runc' }, 'no executable file'],
    [{ path: '/etc/passwd' }, 'no executable file'],
    [{ path: '/etc' }, 'no executable file'],
    [{ path: '/bin/sh', dialect: 'bash' }, 'no dialect "bash"'],
    [{ path: '/bin/sh', platform: '--debug' }, 'no platform "--debug"'],
  ])('by %o is refused', (settings, message) => {
    expect(() => findRuntime(settings as unknown as Record<string, string>)).toThrow(message);
  });

  test('of any path is taken, with the dialect that is said', () => {
    expect(findRuntime({ path: '/bin/sh', dialect: 'crun' })).toMatchObject({ name: 'sh', dialect: 'crun' });
  });

  test.each([
    ['runc version 1.1.5+ds1\ncommit: x\n', 'runc 1.1.5+ds1'],
    ['crun version 1.8.1\n', 'crun 1.8.1'],
    ['runsc version 0.0~20221219.0\nspec: 1.0.2-dev\n', 'runsc 0.0~20221219.0'],
    ['GNU bash, version 5\n', undefined],
    ['', undefined],
  ])('that prints %j is %s', (text, version) => {
    expect(versionIn(text)).toBe(version);
  });
});
