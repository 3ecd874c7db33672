import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { compileFilter, describeReturn, evaluateFilter, type SeccompProfile } from '../src/index.js';
import { expectedAnswer } from './model.js';
import { aim, callText, drafts, MACHINES, profiles, type Machine, type TestedCall } from './random.js';

/** The calls to which a filter says something else than its profile means. */
function mistakes(profile: SeccompProfile, calls: readonly TestedCall[], machine: Machine): string[] {
  const { program } = compileFilter(profile, machine.architecture);
  return calls.flatMap((call) => {
    const answer = evaluateFilter(program, call.data).value;
    const expected = expectedAnswer(profile, call, call.abi === machine.abis[0]);
    return answer === expected
      ? []
      : [`${callText(call)}: ${describeReturn(answer)} instead of ${describeReturn(expected)}`];
  });
}

describe('a filter says what its profile means', () => {
  test.each(MACHINES)('for random profiles and calls on $architecture', { timeout: 60_000 }, (machine) => {
    fc.assert(
      fc.property(profiles, drafts(machine, 100), (profile, list) => {
        const calls = list.map((draft) => aim(draft, profile));
        expect(mistakes(profile, calls, machine)).toEqual([]);
      }),
      { numRuns: 100, interruptAfterTimeLimit: 20_000 },
    );
  });
});
