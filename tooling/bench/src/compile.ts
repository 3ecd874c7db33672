import { explainContainer } from '@ns/execdriver';
import { compile } from '@ns/syscall';

import { since, type Subject } from './measure.ts';
import type { Native } from './native.ts';

/** Turning a container's start program, a value, into an ELF image. */
export function compileSubjects(native: Native): Subject[] {
  const { programs } = explainContainer(native.spec(['/bin/true']));
  const [program] = programs;
  if (program === undefined) return [];
  const bytes = compile(program).elf.length;
  return [
    {
      name: `start program, ${bytes} bytes`,
      run: () => {
        const start = process.hrtime.bigint();
        compile(program);
        return since(start);
      },
    },
  ];
}
