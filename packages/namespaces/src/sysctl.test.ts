import { slot } from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import { DEFAULT_NAMESPACES } from './set.js';
import { checkSysctls, sysctlPath, writeSysctls } from './sysctl.js';

describe('sysctls', () => {
  test.each([
    ['net.ipv4.ip_forward', 'net/ipv4/ip_forward'],
    ['net/ipv4/conf/eth0.1/mtu', 'net/ipv4/conf/eth0.1/mtu'],
    ['net.ipv4.conf.eth0/1.mtu', 'net/ipv4/conf/eth0.1/mtu'],
    ['kernel/shmmax', 'kernel/shmmax'],
  ])('%s is the file %s', (name, path) => {
    expect(sysctlPath(name)).toBe(path);
  });

  test.each([
    'kernel.msgmax',
    'kernel.sem',
    'kernel.shm_rmid_forced',
    'fs.mqueue.msg_max',
    'net.core.somaxconn',
    'kernel.domainname',
  ])('%s is a container setting', (name) => {
    expect(() => checkSysctls({ [name]: '1' }, DEFAULT_NAMESPACES)).not.toThrow();
  });

  test.each([
    ['kernel.panic', /a setting of the whole machine/],
    ['kernel.core_pattern', /a setting of the whole machine/],
    ['kernel.msgmax.x', /a setting of the whole machine/],
    ['fs.mqueue', /a setting of the whole machine/],
    ['network.x', /a setting of the whole machine/],
    ['net', /a setting of the whole machine/],
    ['net/../kernel/core_pattern', /is not a sysctl's name/],
    ['net..x', /is not a sysctl's name/],
    ['/net/x', /is not a sysctl's name/],
    ['net.a b', /is not a sysctl's name/],
    ['', /is not a sysctl's name/],
  ])('%s is refused', (name, message) => {
    expect(() => checkSysctls({ [name]: '1' }, DEFAULT_NAMESPACES)).toThrow(message);
  });

  test('need a namespace of their own', () => {
    const shared = { ...DEFAULT_NAMESPACES, net: 'host', ipc: { pid: 1 } } as const;
    expect(() => checkSysctls({ 'net.core.somaxconn': '1' }, shared)).toThrow(/belongs to the net namespace/);
    expect(() => checkSysctls({ 'kernel.msgmax': '1' }, shared)).toThrow(/belongs to the ipc namespace/);
  });

  test('are single lines', () => {
    expect(() => checkSysctls({ 'net.a': '1\n2' }, DEFAULT_NAMESPACES)).toThrow(/not a line of text/);
    expect(() => checkSysctls({ 'net.a': 'x'.repeat(4096) }, DEFAULT_NAMESPACES)).toThrow(
      /not a line of text/,
    );
  });

  test('send hostname elsewhere', () => {
    expect(() => checkSysctls({ 'kernel.hostname': 'x' }, DEFAULT_NAMESPACES)).toThrow(
      expect.objectContaining({ hint: 'use the hostname of the container instead' }),
    );
  });

  test('none are no steps', () => {
    expect(writeSysctls({ sysctls: {}, sources: DEFAULT_NAMESPACES, proc: slot('proc') })).toEqual([]);
  });
});
