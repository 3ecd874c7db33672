import { chmod } from 'node:fs/promises';
import { join } from 'node:path';

import { defineConfig } from 'tsup';

export default defineConfig(({ outDir = 'dist' }) => ({
  entry: { ns: 'src/ns.ts' },
  // CommonJS starts some 25 ms sooner than ES modules.
  format: ['cjs'],
  outExtension: () => ({ js: '.js' }),
  noExternal: [/.*/],
  dts: false,
  clean: true,
  // Commands are loaded when they are called: functions of one file, which are not compiled before.
  splitting: false,
  target: 'node20',
  // Without the --, Node takes an --env-file of ours for its own, and ends when there is no such file.
  banner: { js: '#!/usr/bin/env -S node --' },
  esbuildOptions(options) {
    options.minifyWhitespace = true;
    options.minifySyntax = true;
    options.conditions = ['@ns/source'];
  },
  async onSuccess() {
    await chmod(join(outDir, 'ns.js'), 0o755);
  },
}));
