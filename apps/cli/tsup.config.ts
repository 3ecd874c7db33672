import { chmod } from 'node:fs/promises';

import { defineConfig } from 'tsup';

export default defineConfig({
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
  banner: { js: '#!/usr/bin/env node' },
  esbuildOptions(options) {
    options.conditions = ['@ns/source'];
  },
  async onSuccess() {
    await chmod('dist/ns.js', 0o755);
  },
});
