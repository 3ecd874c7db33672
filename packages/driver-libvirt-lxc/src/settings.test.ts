import { describe, expect, it } from 'vitest';

import { uriOf } from './connection.js';
import { reachOf } from './settings.js';

describe('the settings', () => {
  it('name a socket, or a libvirtd of our own', () => {
    expect(reachOf({})).toEqual({ kind: 'default' });
    expect(reachOf({ socket: 'own' })).toEqual({ kind: 'own' });
    expect(reachOf({ socket: '/srv/libvirt.sock' })).toEqual({ kind: 'socket', path: '/srv/libvirt.sock' });
  });

  it.each([
    [{ uri: 'qemu:///system' }, /no setting "uri"/],
    [{ socket: 'libvirt.sock' }, /not an absolute path/],
    [{ socket: '' }, /not an absolute path/],
    [{ socket: '/a\0b' }, /not an absolute path/],
    [{ socket: `/${'ü'.repeat(60)}` }, /more than 107 bytes/],
  ])('%j are refused', (settings, message) => {
    expect(() => reachOf(settings)).toThrow(message);
  });
});

describe('the URI of a socket', () => {
  it('has the path as one value', () => {
    expect(uriOf('/run/libvirt/libvirt-sock')).toBe('lxc+unix:///system?socket=/run/libvirt/libvirt-sock');
    const nasty = "/a b&command=/bin/sh#?%41;'";
    const { searchParams, hash, pathname } = new URL(uriOf(nasty));
    expect([...searchParams]).toEqual([['socket', nasty]]);
    expect([hash, pathname]).toEqual(['', '/system']);
  });
});
