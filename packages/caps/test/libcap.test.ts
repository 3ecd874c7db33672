import { needs } from '@ns/testing';
import * as fc from 'fast-check';
import koffi from 'koffi';
import { beforeAll, describe, expect, test } from 'vitest';

import {
  CAPABILITIES,
  formatCapabilityText,
  highestCapability,
  parseCapabilityText,
  type CapabilityState,
} from '../src/index.js';

const NAMES = CAPABILITIES.map((name) => `cap_${name.toLowerCase()}`);
/** `cap_flag_t`. */
const FLAGS = { effective: 0, permitted: 1, inheritable: 2 } as const;

interface Libcap {
  parse(text: string): { state: CapabilityState; printed: string } | undefined;
}

function libcap(): Libcap {
  const library = koffi.load('libcap.so.2');
  const fromText = library.func('void *cap_from_text(const char *text)');
  const toText = library.func('void *cap_to_text(void *caps, void *length)');
  const getFlag = library.func('int cap_get_flag(void *caps, int number, int flag, int *value)');
  const free = library.func('int cap_free(void *object)');
  const mask = (caps: unknown, flag: number): bigint => {
    const value = new Int32Array(1);
    let found = 0n;
    for (let number = 0; number < 64; number++) {
      if (getFlag(caps, number, flag, value) === 0 && value[0] === 1) found |= 1n << BigInt(number);
    }
    return found;
  };
  return {
    parse(text) {
      const caps = fromText(text);
      if (caps === null) return undefined;
      const pointer = toText(caps, null);
      const printed = String(koffi.decode(pointer, 'char', -1));
      const state = {
        effective: mask(caps, FLAGS.effective),
        permitted: mask(caps, FLAGS.permitted),
        inheritable: mask(caps, FLAGS.inheritable),
      };
      free(pointer);
      free(caps);
      return { state, printed };
    },
  };
}

/** Mostly clauses that are right, some that are nearly so. */
const name = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 2, arbitrary: fc.constantFrom('all', 'ALL', 'Cap_Kill', 'cap_CHOWN') },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 70 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('0x5', '011', '08', '0x', 'chown', 'cap_', '_', 'allx', '') },
);
const flags = fc.string({ unit: fc.constantFrom('e', 'i', 'p'), maxLength: 3 });
const action = fc.tuple(fc.constantFrom('=', '+', '-', '=+', '=-'), flags).map((parts) => parts.join(''));
const clause = fc
  .tuple(fc.array(name, { maxLength: 5 }), fc.array(action, { minLength: 1, maxLength: 3 }))
  .map(([list, actions]) => list.join(',') + actions.join(''));
const tame = fc
  .tuple(
    fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 30 }),
    fc.constantFrom('=', '+', '-'),
    fc.constantFrom('e', 'p', 'ei', 'eip', 'ip'),
  )
  .map(([list, operator, letters]) => list.join(',') + operator + letters);
const text = fc
  .array(fc.oneof({ weight: 3, arbitrary: tame }, { weight: 1, arbitrary: clause }), { maxLength: 5 })
  .map((clauses) => clauses.join(' '));

describe('random text', needs('linux', 'libcap'), () => {
  let library: Libcap;
  beforeAll(() => {
    library = libcap();
  });

  test('is read and printed as libcap does', () => {
    const highest = highestCapability();
    let accepted = 0;
    fc.assert(
      fc.property(text, (input) => {
        const theirs = library.parse(input);
        let ours: CapabilityState | undefined;
        try {
          ours = parseCapabilityText(input, { highest });
        } catch {
          ours = undefined;
        }
        expect(ours).toEqual(theirs?.state);
        if (ours === undefined) return;
        accepted++;
        const printed = formatCapabilityText(ours, { highest });
        expect(printed).toBe(theirs?.printed);
        expect(parseCapabilityText(printed, { highest })).toEqual(ours);
      }),
      { numRuns: 3000 },
    );
    // Both kinds were seen.
    expect(accepted).toBeGreaterThan(500);
    expect(accepted).toBeLessThan(3000);
  });
});
