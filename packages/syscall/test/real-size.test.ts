import { describe, expect, test } from 'vitest';

import { compile } from '../src/program/compile.js';
import { explain, explainJson } from '../src/program/explain.js';
import { countSteps, injectFault } from '../src/program/fault.js';
import { sampleProgram } from './sample-program.js';

describe('a program as large as one that starts a container', () => {
  const program = sampleProgram();
  const lines = explainJson(program);
  const numbered = lines.filter(({ number }) => number !== null);

  test('has the same numbers in explain, and for injectFault', () => {
    expect(numbered.map(({ number }) => number)).toEqual(
      Array.from({ length: countSteps(program) }, (_, index) => index + 1),
    );
    for (const { number, what, tolerates } of numbered) {
      const broken = explainJson(injectFault(program, number! - 1, 'EIO'));
      const given = broken.filter(({ op }) => op === 'fail').map((line) => line.what);
      expect(given).toEqual(tolerates.includes('any') ? [] : [`give up: ${what} (EIO)`]);
    }
  });

  test('is explained within the width of a page', () => {
    const long = explain(program)
      .split('\n')
      .filter((line) => line.length > 115);
    expect(long).toEqual([]);
  });

  test.each(['x86_64', 'aarch64'] as const)(
    'is compiled for %s, with any of its calls failing',
    (architecture) => {
      const whole = compile(program, architecture);
      expect(whole.elf.length).toBeLessThan(architecture === 'x86_64' ? 20_000 : 70_000);
      for (let index = 0; index < countSteps(program); index++) {
        const { sites } = compile(injectFault(program, index, 'EIO'), architecture);
        expect([...sites.values()].filter(({ op }) => op === 'fail')).toHaveLength(1);
      }
    },
  );
});
