import { describe, expect, it } from 'vitest';

import { fileNeeds } from './file-needs.ts';

describe('what a test file needs', () => {
  it('is root on Linux for an integration test, nothing for a unit test', () => {
    expect(fileNeeds('/x/packages/a/test/b.test.ts', 'it();')).toEqual(['linux', 'root']);
    expect(fileNeeds('/x/packages/a/src/b.test.ts', 'it();')).toEqual([]);
  });

  it('is what its line says', () => {
    expect(fileNeeds('/x/test/b.test.ts', '/** Doc. */\n// needs: gcc, binutils-aarch64\nit();')).toEqual([
      'gcc',
      'binutils-aarch64',
    ]);
    expect(fileNeeds('/x/test/b.test.ts', '// needs: nothing\nit();')).toEqual([]);
  });

  it('is said near the top', () => {
    expect(fileNeeds('/x/src/b.test.ts', `${'\n'.repeat(20)}// needs: root`)).toEqual([]);
  });
});
