import { test, TestRunner } from 'vitest';

import { fileNeeds } from './file-needs.ts';
import { needs } from './needs.ts';
import { REQUIREMENTS } from './requirements.ts';

/** Does not even load a test file whose needs the machine does not meet, and leaves one skipped test in its place. */
export default class NeedsRunner extends TestRunner {
  override importFile(filepath: string, source: 'collect' | 'setup'): unknown {
    if (source === 'setup') return super.importFile(filepath, source);
    const named = fileNeeds(filepath);
    const unknown = named.find((name) => !Object.hasOwn(REQUIREMENTS, name));
    if (unknown !== undefined) throw new Error(`${filepath}: needs ${unknown}, which needs() does not know`);
    const options = needs(...named);
    if (options.skip !== true) return super.importFile(filepath, source);
    // oxlint-disable-next-line vitest/expect-expect -- it is never run
    test('the whole file', options, () => {});
    return undefined;
  }
}
