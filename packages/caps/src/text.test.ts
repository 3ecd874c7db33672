import { describe, expect, test } from 'vitest';

import { formatCapabilityText, parseCapabilityText } from './index.js';

const sets = (effective: bigint, permitted: bigint, inheritable: bigint) => ({
  effective,
  permitted,
  inheritable,
});
const ALL = 0x1ff_ffff_ffffn;

describe('text', () => {
  // What libcap 2.66 answers; test/libcap.test.ts asks it itself.
  test.each([
    ['', sets(0n, 0n, 0n), '='],
    ['=', sets(0n, 0n, 0n), '='],
    ['=eip', sets(ALL, ALL, ALL), '=eip'],
    ['ALL=p', sets(0n, ALL, 0n), '=p'],
    ['cap_net_raw+ep', sets(0x2000n, 0x2000n, 0n), 'cap_net_raw=ep'],
    ['CAP_NET_RAW,Cap_Chown=p cap_chown+e', sets(1n, 0x2001n, 0n), 'cap_chown=ep cap_net_raw+p'],
    ['=p cap_sys_resource-p', sets(0n, ALL ^ (1n << 24n), 0n), '=p cap_sys_resource-p'],
    ['all=eip cap_chown-e', sets(ALL ^ 1n, ALL, ALL), '=eip cap_chown-e'],
    ['cap_chown=+e-e', sets(0n, 0n, 0n), '='],
    ['cap_chown+e-p+i', sets(1n, 0n, 1n), 'cap_chown=ei'],
    ['0x5,06=e', sets(0x60n, 0n, 0n), 'cap_kill,cap_setgid=e'],
    ['50=ep', sets(1n << 50n, 1n << 50n, 0n), '= 50+ep'],
    ['\t=\n63+i', sets(0n, 0n, 1n << 63n), '= 63+i'],
  ])('%j is read, and printed in its shortest form', (text, expected, printed) => {
    const read = parseCapabilityText(text);
    expect(read).toEqual(expected);
    expect(formatCapabilityText(read)).toBe(printed);
  });

  test.each([
    ['chown=e', '"chown=e" is not understood: "chown" is no capability'],
    ['64=e', '"64" is no capability'],
    ['08=e', '"08" is no capability'],
    ['cap_chown5=e', '"cap_chown5" is no capability'],
    ['cap_chown,=e', '"" is no capability'],
    ['allx=e', '"allx" is no capability'],
    ['+e', 'without a list of capabilities there can only be ='],
    ['=e-e', 'without a list of capabilities there can only be ='],
    ['cap_chown', 'after the list come =, + or -'],
    ['cap_chown+', 'after the list come =, + or -'],
    ['cap_chown=E', 'after the list come =, + or -'],
    ['cap_chown=e=p', 'after the list come =, + or -'],
    ['cap_kill=p cap_chown =e', '"cap_chown" is not understood'],
    ['cap_chown=e\0', 'after the list come =, + or -'],
  ])('%j is refused with the clause that is wrong', (text, message) => {
    expect(() => parseCapabilityText(text)).toThrow(message);
  });

  test('all means the capabilities of the kernel that is named', () => {
    expect(parseCapabilityText('=p', { highest: 3 }).permitted).toBe(0xfn);
    expect(formatCapabilityText(sets(0n, 0xfn, 0n), { highest: 3 })).toBe('=p');
    expect(formatCapabilityText(sets(0n, 0x7fn, 0n), { highest: 3 })).toBe(
      '=p cap_fsetid,cap_kill,cap_setgid+p',
    );
  });
});
