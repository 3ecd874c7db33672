import { array, assert as assertAll, integer, property } from 'fast-check';
import { NsError } from '@ns/errors';
import { describe, expect, it } from 'vitest';

import { xml } from './xml.js';

/** As a parser reads it: references are the only thing that is not itself. */
const read = (text: string): string =>
  text.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));

/** Refused by name: anything else is a failure. */
function unlessRefused(write: () => string): string {
  try {
    return write();
  } catch (error) {
    if (NsError.is(error) && error.code === 'ERR_NS_INVALID_ARGUMENT') return 'refused';
    throw error;
  }
}

describe('a value in XML', () => {
  it.each([
    ['a & b', 'a &#38; b'],
    ['\'/><x y="', '&#39;/&#62;&#60;x y=&#34;'],
    [']]>', ']]&#62;'],
    ['<!-- -->', '&#60;!-- --&#62;'],
    ['\u0085\u2028', '&#133;&#8232;'],
    ['grün 😀 中', 'grün 😀 中'],
    ['&#60;', '&#38;#60;'],
  ])('%j', (value, written) => {
    expect(xml('path', value)).toBe(written);
    expect(read(written)).toBe(value);
  });

  it.each(['a\0b', 'a\nb', '\r', '\t', '\u001B[2J', '\u0008', '\uFFFE', '\uFFFF', '\uD800', 'a\uDC00b'])(
    '%j cannot be written',
    (value) => {
      expect(() => xml('path', value)).toThrow(/a path with a control character/);
    },
  );

  it('is read as it was, or is refused, whatever it is', () => {
    assertAll(
      property(array(integer({ min: 0, max: 0xffff }), { maxLength: 20 }), (units) => {
        const value = String.fromCharCode(...units);
        const written = unlessRefused(() => xml('path', value));
        expect(written).not.toMatch(/[<>"'\n\r\t]|&(?!#\d+;)/);
        expect(written === 'refused' ? value : read(written)).toBe(value);
      }),
    );
  });
});
