import { readFileSync } from 'node:fs';

import type { RequirementName } from './requirements.ts';

const WORDS = /^\/\/ needs: *(.*)$/m;

/**
 * What a whole test file needs: the words of its line `// needs: gcc, binutils`, near the top. Without such a line, a
 * file in a folder `test` is an integration test, which needs root on Linux; one beside its source needs nothing.
 */
export function fileNeeds(path: string, text: string = readFileSync(path, 'utf8')): RequirementName[] {
  const [, words] = WORDS.exec(text.split('\n').slice(0, 10).join('\n')) ?? [];
  if (words === undefined) return path.includes('/test/') ? ['linux', 'root'] : [];
  return words.split(/[\s,]+/).filter((word) => word !== '' && word !== 'nothing') as RequirementName[];
}
