import { explain, type Program } from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import { enterJail, type Jail } from './jail.js';

const JAIL: Jail = {
  at: '/run/jail',
  root: '/run/root',
  readonlyRoot: undefined,
  mounts: [],
  files: [],
  links: [],
  scratchBytes: 0,
};

const text = (change: Partial<Jail> = {}): string => {
  const steps = enterJail({ ...JAIL, ...change });
  const program: Program = { title: 'jail', statusFd: 3, failureStatus: 1, steps };
  return explain(program);
};

const NODEV_NOSUID = 'attr_set: 6';
const RDONLY = 'attr_set: 1';

describe('the jail of a virtual machine', () => {
  test('is read-only itself, before it is entered, and the host is let go of', () => {
    const said = text();
    const places = [
      said.indexOf('mount("tmpfs", "/run/jail", "tmpfs", MS_NOSUID|MS_NODEV, "mode=755,size=1m")'),
      said.indexOf(`mount_setattr(AT_FDCWD, "/run/jail", 0, {${RDONLY},`),
      said.indexOf('pivot_root(".", ".")'),
      said.indexOf('umount2(".", MNT_DETACH)'),
    ];
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((left, right) => left - right));
  });

  test('has the container’s root without devices and set-user-id, whatever is mounted below', () => {
    expect(text()).toContain(
      `mount_setattr(AT_FDCWD, "/run/jail/export/root", AT_RECURSIVE, {${NODEV_NOSUID},`,
    );
  });

  test('has a root that is read-only only when what the guest mounts on has been made', () => {
    const said = text({ readonlyRoot: [{ path: '/proc', kind: 'directory' }] });
    const made = said.indexOf('find or make /proc');
    const closed = said.indexOf(`mount_setattr(AT_FDCWD, "/run/jail/export/root", 0, {${RDONLY},`);
    expect(made).toBeGreaterThan(-1);
    expect(closed).toBeGreaterThan(made);
  });

  test('has sources of mounts under names of its own, read-only where they are asked to be', () => {
    const said = text({
      mounts: [
        { name: 'mount-0', source: '/etc/../etc', kind: 'directory', readonly: true, isRecursive: true },
        { name: 'mount-1', source: '/srv', kind: 'directory', readonly: 'non-recursive', isRecursive: true },
      ],
    });
    expect(said).toContain('mount("/etc/../etc", "/run/jail/export/mount-0", "", MS_BIND|MS_REC, "")');
    expect(said).toContain('mount_setattr(AT_FDCWD, "/run/jail/export/mount-0", AT_RECURSIVE, {attr_set: 7,');
    // Of the other one, what is mounted below can be written to.
    expect(said).toContain('mount_setattr(AT_FDCWD, "/run/jail/export/mount-1", AT_RECURSIVE, {attr_set: 6,');
    expect(said).toContain('mount_setattr(AT_FDCWD, "/run/jail/export/mount-1", 0, {attr_set: 1,');
  });

  test('has programs read-only, and devices that are asked for', () => {
    const said = text({
      files: [
        { source: '/usr', target: '/usr', kind: 'directory' },
        { source: '/dev/null', target: '/dev/null', kind: 'file', isDevice: true },
      ],
    });
    expect(said).toContain('mount_setattr(AT_FDCWD, "/run/jail/usr", AT_RECURSIVE, {attr_set: 7,');
    expect(said).toContain('mount_setattr(AT_FDCWD, "/run/jail/dev/null", 0, {attr_set: 2,');
    expect(said.indexOf('mkdirat(AT_FDCWD, "/run/jail/dev", 0755)')).toBeGreaterThan(-1);
  });
});
