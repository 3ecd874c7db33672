import { describe, expect, it } from 'vitest';

import { bool, value } from './flag.js';
import { flagHelp } from './help.js';

describe('flagHelp', () => {
  it('aligns, sorts and wraps', () => {
    const help = flagHelp({
      noTrunc: bool("Don't truncate output"),
      format: value(
        'Format output: a very long explanation that does not fit on one line of a terminal of eighty columns',
        { short: 'f' },
      ),
      secret: bool('Not shown', { hidden: true }),
    });
    expect(help).toBe(
      [
        '  -f, --format string   Format output: a very long explanation that does not fit',
        '                        on one line of a terminal of eighty columns',
        "      --no-trunc        Don't truncate output",
      ].join('\n'),
    );
  });
});
