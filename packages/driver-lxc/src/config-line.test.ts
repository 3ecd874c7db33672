import { NsError } from '@ns/errors';
import { describe, expect, test } from 'vitest';

import { configLine } from './config-line.js';

describe('a line of a configuration', () => {
  test.each([
    ['lxc.uts.name', 'box'],
    ['lxc.cgroup.devices.allow', 'c *:* m'],
    ['lxc.mount.entry', '/a\\040b mnt none bind 0 0'],
    ['lxc.environment', 'A="1"'],
    ['lxc.rootfs.path', 'dir:/ü/#no comment'],
    ['lxc.net.0.ipv4.address', ''],
  ])('%s = %s', (key, value) => {
    expect(configLine(key, value)).toBe(`${key} = ${value}\n`);
  });

  test.each([
    ['lxc.uts.name', 'box\nlxc.hook.start-host = /bin/evil'],
    ['lxc.uts.name', 'box\rlxc.hook.start-host = /bin/evil'],
    ['lxc.uts.name', 'box\0'],
    ['lxc.uts.name', 'box\u2028x'],
    ['lxc.uts.name', 'box\u0085x'],
    ['lxc.cgroup.dir.container', ' leading'],
    ['lxc.cgroup.dir.container', 'trailing\t'],
    ['lxc.cgroup.dir.container', '"quoted"'],
    ['lxc.cgroup.dir.container', "'quoted'"],
    ['', 'value'],
    ['#lxc.uts.name', 'value'],
    ['lxc.uts.name = x\nlxc.a', 'value'],
    ['lxc uts', 'value'],
    ['lxc.uts.name=', 'value'],
  ])('never %j = %j', (key, value) => {
    const refusal = (() => {
      try {
        configLine(key, value);
      } catch (error) {
        return error;
      }
      return undefined;
    })();
    expect(NsError.is(refusal) && refusal.code).toBe('ERR_NS_INVALID_ARGUMENT');
    expect((refusal as NsError).message).not.toMatch(/[\n\r\0]/);
  });

  test('a refusal does not repeat it at length', () => {
    expect(() => configLine('k'.repeat(5000), `${'v'.repeat(5000)}\n`)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{1,400}$/) }),
    );
  });
});
