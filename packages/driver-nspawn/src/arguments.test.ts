import type { CgroupLayout } from '@ns/cgroups';
import type { ContainerSpec } from '@ns/execdriver';
import { describe, expect, it } from 'vitest';

import { escapePath, nspawnArguments, nspawnEnvironment } from './arguments.js';

const ARRANGEMENT = {
  machine: 'web-0123456789abcdef',
  scaffold: '/run/ns/web/driver/scaffold',
  root: '/run/ns/web/root',
  program: '/proc/self/fd/4',
};
const SPEC: ContainerSpec = {
  id: 'web',
  root: { kind: 'directory', path: '/srv/web' },
  process: { args: ['true'], env: [] },
};

describe('the command line', () => {
  it('is the same for everybody, but for names and places', () => {
    expect(nspawnArguments(SPEC, ARRANGEMENT)).toEqual([
      'systemd-nspawn',
      '--register=no',
      '--keep-unit',
      '--settings=no',
      '--console=pipe',
      '--machine=web-0123456789abcdef',
      '--directory=/run/ns/web/driver/scaffold',
      '--resolv-conf=off',
      '--timezone=off',
      '--link-journal=no',
      '--capability=all',
      '--private-network',
      '--bind=/run/ns/web/root:/ns/root',
      '--',
      '/proc/self/fd/4',
    ]);
  });

  it('has the sources of binds, by their numbers among the mounts', () => {
    const mounts = [
      { type: 'tmpfs', target: '/tmp' },
      { type: 'bind', source: '/srv/a:b', target: '/a', readonly: true },
      { type: 'bind', source: String.raw`/srv/c\d`, target: '/c' },
    ] as const;
    expect(nspawnArguments({ ...SPEC, mounts }, ARRANGEMENT).filter((arg) => arg.includes('mounts'))).toEqual(
      [String.raw`--bind=/srv/a\:b:/ns/mounts/1`, String.raw`--bind=/srv/c\\d:/ns/mounts/2`],
    );
  });

  it('has nothing of the program that is run', () => {
    const process = { args: ['--boot', 'secret'], env: ['PASSWORD=secret'], cwd: '/secret' };
    expect(nspawnArguments({ ...SPEC, process }, ARRANGEMENT)).toEqual(nspawnArguments(SPEC, ARRANGEMENT));
  });
});

describe('a path', () => {
  it('is escaped where it would end, and nowhere else', () => {
    expect(escapePath('/a b/"c"\n/d')).toBe('/a b/"c"\n/d');
    expect(escapePath(String.raw`/a:b\:c`)).toBe(String.raw`/a\:b\\\:c`);
  });
});

describe('the environment', () => {
  const layout = (kind: CgroupLayout['kind']): CgroupLayout => ({ kind, hierarchies: [] });

  it('says how many descriptors are passed on', () => {
    expect(nspawnEnvironment(layout('v2'), 9)).toContain('LISTEN_FDS=9');
  });

  it('leaves the cgroup namespace to the inner program where that works', () => {
    expect(nspawnEnvironment(layout('v2'), 9)).toContain('SYSTEMD_NSPAWN_USE_CGNS=0');
    expect(nspawnEnvironment(layout('hybrid'), 9)).toContain('SYSTEMD_NSPAWN_USE_CGNS=1');
    expect(nspawnEnvironment(layout('v1'), 9)).toContain('SYSTEMD_NSPAWN_USE_CGNS=1');
  });
});
