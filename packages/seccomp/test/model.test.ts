import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { compileFilter, describeReturn, evaluateFilter } from '../src/index.js';
import { expectedAnswer } from './model.js';
import { aim, callText, drafts, MACHINES, profiles } from './random.js';

describe('a filter says what its profile means', () => {
  test.each(MACHINES)('for random profiles and calls on $architecture', { timeout: 60_000 }, (machine) => {
    const [native] = machine.abis;
    fc.assert(
      fc.property(profiles, drafts(machine, 100), (profile, list) => {
        const { program } = compileFilter(profile, machine.architecture);
        for (const draft of list) {
          const call = aim(draft, profile);
          const answer = evaluateFilter(program, call.data).value;
          const expected = expectedAnswer(profile, call, call.abi === native);
          if (answer !== expected) {
            expect(`${callText(call)}: ${describeReturn(answer)}`).toBe(describeReturn(expected));
          }
        }
      }),
      { numRuns: 100, interruptAfterTimeLimit: 20_000 },
    );
  });
});
