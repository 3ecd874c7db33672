import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/ns-daemon.ts'],
  format: ['esm'],
  platform: 'node',
  target: 'node20',
  dts: false,
  sourcemap: true,
  clean: true,
  // Everything is in the bundle but koffi, which finds its native half beside itself.
  noExternal: [/^(?!koffi$)/],
  external: ['koffi'],
  banner: {
    // Bundled CommonJS packages call require.
    js: "#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
  },
  esbuildOptions(options) {
    options.conditions = ['@ns/source'];
    options.legalComments = 'none';
  },
});
