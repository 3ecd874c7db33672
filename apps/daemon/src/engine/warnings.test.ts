import { describe, expect, it } from 'vitest';

import { parseSecurity } from './security.js';
import { warningsOf } from './warnings.js';

describe('warningsOf', () => {
  it('says nothing when everything has its effect', () => {
    expect(warningsOf({ NetworkMode: 'none', Memory: 0, PidsLimit: -1 }, {})).toEqual([]);
    expect(warningsOf({ NetworkMode: 'host' }, { Healthcheck: { Test: ['NONE'] } })).toEqual([]);
  });

  it.each([
    [{}, 'Bridge networks are not there yet'],
    [{ NetworkMode: 'none', Memory: 1024 }, 'Memory limitation discarded'],
    [{ NetworkMode: 'none', PortBindings: { '80/tcp': [] } }, 'none is published'],
    [{ NetworkMode: 'none', Privileged: true }, 'all capabilities'],
    [{ NetworkMode: 'none', SecurityOpt: ['seccomp={"a":1}'] }, 'seccomp profiles are not there yet'],
  ])('%j', (host, text) => {
    expect(warningsOf(host, {})).toEqual([expect.stringContaining(text)]);
  });

  it('tells of a health check', () => {
    expect(warningsOf({ NetworkMode: 'none' }, { Healthcheck: { Test: ['CMD', 'x'] } })[0]).toContain(
      'Health checks',
    );
  });
});

describe('parseSecurity', () => {
  it.each([
    ['no-new-privileges', true],
    ['no-new-privileges=true', true],
    ['no-new-privileges:true', true],
    ['no-new-privileges=false', false],
    ['label=disable', false],
    ['apparmor=unconfined', false],
  ])('%s: %s', (option, expected) => {
    expect(parseSecurity({ SecurityOpt: [option] })).toMatchObject({
      noNewPrivileges: expected,
      warnings: [],
    });
  });

  it.each(['no-new-privileges=maybe', 'systempaths=all', 'magic', ''])('refuses %j', (option) => {
    expect(() => parseSecurity({ SecurityOpt: [option] })).toThrow('invalid --security-opt');
  });
});
