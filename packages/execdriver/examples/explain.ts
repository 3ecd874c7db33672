// needs: linux
/** Prints what a start would do, and starts nothing: each step with its system call. */
import { explainContainer } from '@ns/execdriver';

const { text, steps } = explainContainer({
  id: 'hello',
  root: { kind: 'directory', path: '/' },
  process: { args: ['true'], env: ['PATH=/usr/bin:/bin'] },
});
const lines = text.split('\n');
console.log(lines[0]);
console.log(
  lines
    .slice(lines.findIndex((line) => line.includes('pivot_root')) - 3, -1)
    .slice(0, 8)
    .join('\n'),
);
console.log(`… ${lines.length} lines, ${steps.length} steps`);
