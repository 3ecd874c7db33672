import { describe, expect, test } from 'vitest';

import { deviceState, parseDeviceList, parseDeviceRule, ruleText, type DeviceRule } from './devices.js';

const none: DeviceRule = { allow: false, type: 'a' };
const allow = (text: string): DeviceRule => parseDeviceRule(text);
const deny = (text: string): DeviceRule => ({ ...parseDeviceRule(text), allow: false });
const texts = (...rules: DeviceRule[]): string[] => [...deviceState(rules).exceptions.values()].map(ruleText);

describe('a device rule', () => {
  test.each<[string, DeviceRule]>([
    ['c 1:3 rwm', { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' }],
    ['b 8:* r', { allow: true, type: 'b', major: 8, minor: '*', access: 'r' }],
    [' a  *:*  rwm ', { allow: true, type: 'a', major: '*', minor: '*', access: 'rwm' }],
  ])('%j', (text, rule) => expect(parseDeviceRule(text)).toEqual(rule));

  test.each(['', 'c', 'c 1:3', 'd 1:3 r', 'c 1:3 x', 'c 1-3 r', 'c -1:3 r', 'c 1:3 rwmr'])(
    'is not %j',
    (text) => expect(() => parseDeviceRule(text)).toThrow(/TYPE MAJOR:MINOR ACCESS/),
  );
});

describe('rules in order', () => {
  test('add up, for one device', () => {
    expect(texts(none, allow('c 1:3 r'), allow('c 1:3 w'))).toEqual(['c 1:3 rw']);
  });

  test('take back what they gave', () => {
    expect(texts(none, allow('c 1:3 rwm'), deny('c 1:3 wm'))).toEqual(['c 1:3 r']);
    expect(texts(none, allow('c 1:3 r'), deny('c 1:3 r'))).toEqual([]);
  });

  test('deny what was never given without a word', () => {
    expect(texts(none, deny('c 10:229 rwm'))).toEqual([]);
  });

  test('begin again with a rule about all', () => {
    expect(texts(allow('c 1:3 r'), none, allow('b 8:0 r'))).toEqual(['b 8:0 r']);
    expect(deviceState([none, allow('a *:* rwm')])).toEqual({ allowsAll: true, exceptions: new Map() });
  });

  test('about all devices with less than full access are about both kinds', () => {
    expect(texts(none, allow('a 7:* r'))).toEqual(['b 7:* r', 'c 7:* r']);
  });

  test.each([
    [
      [none, allow('c *:* rwm'), deny('c 1:3 r')],
      /cannot deny device c 1:3 r: c \*:\* rwm was allowed as a whole/,
    ],
    [[none, allow('c 1:3 r'), deny('c 1:* r')], /cannot deny device c 1:\* r/],
    [[{ ...none, allow: true }, deny('b 8:* rwm'), allow('b 8:1 r')], /cannot allow device b 8:1 r/],
  ])('do not take a part out of a whole', (rules, reason) => {
    expect(() => deviceState(rules)).toThrow(reason);
  });

  test('are refused with a number that is none', () => {
    expect(() => deviceState([{ allow: true, type: 'c', major: 2 ** 32 }])).toThrow(/no device number/);
  });
});

test('the kernel’s list is read back', () => {
  expect(parseDeviceList('c 1:3 rwm\nb 8:* r\n')).toEqual(
    deviceState([none, allow('c 1:3 rwm'), allow('b 8:* r')]),
  );
  expect(parseDeviceList('a *:* rwm\n').allowsAll).toBe(true);
});
