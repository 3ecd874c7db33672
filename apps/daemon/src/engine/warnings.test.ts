import { describe, expect, it } from 'vitest';

import { confinement, parseSecurity } from './security.js';
import { warningsOf } from './warnings.js';

describe('warningsOf', () => {
  it('says nothing when everything has its effect', () => {
    expect(warningsOf({})).toEqual([]);
    expect(warningsOf({ Healthcheck: { Test: ['NONE'] } })).toEqual([]);
  });

  it('tells of a health check', () => {
    expect(warningsOf({ Healthcheck: { Test: ['CMD', 'x'] } })[0]).toContain('Health checks');
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
    expect(parseSecurity({ SecurityOpt: [option] }).noNewPrivileges).toBe(expected);
  });

  it('apparmor', () => {
    const parse = (...options: string[]): unknown => parseSecurity({ SecurityOpt: options }).apparmor;
    expect(parse()).toBeUndefined();
    expect(parse('apparmor=unconfined')).toBe('unconfined');
    expect(parse('apparmor:mine')).toBe('mine');
    expect(parseSecurity({ Privileged: true }).apparmor).toBe('unconfined');
    expect(() => parse('apparmor=')).toThrow('invalid --security-opt');
  });

  it('seccomp', () => {
    const profile = '{"defaultAction":"SCMP_ACT_ALLOW"}';
    const parse = (...options: string[]): unknown => parseSecurity({ SecurityOpt: options }).seccomp;
    expect(parse()).toBeUndefined();
    expect(parse('seccomp=unconfined')).toBe('unconfined');
    expect(parse(`seccomp=${profile}`)).toMatchObject({ defaultAction: 'SCMP_ACT_ALLOW' });
    expect(parse(`seccomp=${profile}`)).toBe(parse(`seccomp=${profile}`));
    expect(parseSecurity({ Privileged: true }).seccomp).toBe('unconfined');
    expect(() => parse('seccomp=/etc/profile.json')).toThrow('is a path');
    expect(() => parse('seccomp={"a":1}')).toThrow('seccomp: ');
  });

  it.each(['no-new-privileges=maybe', 'systempaths=all', 'magic', ''])('refuses %j', (option) => {
    expect(() => parseSecurity({ SecurityOpt: [option] })).toThrow('invalid --security-opt');
  });
});

describe('confinement', () => {
  const without = { capabilities: new Set(['CHOWN', 'SYS_ADMIN']) };

  it('gives all capabilities that there are to give', () => {
    expect(confinement({ Privileged: true }, without).capabilities).toEqual(['CHOWN', 'SYS_ADMIN']);
    expect(confinement({ CapAdd: ['ALL'] }, without).capabilities).toEqual(['CHOWN', 'SYS_ADMIN']);
    expect(confinement({ CapAdd: ['all', 'SYS_TIME'] }, without).capabilities).toEqual([
      'CHOWN',
      'SYS_ADMIN',
      'SYS_TIME',
    ]);
    expect(confinement({}, without).capabilities).toHaveLength(14);
  });
});
