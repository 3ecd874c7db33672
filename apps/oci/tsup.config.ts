import { chmod } from 'node:fs/promises';
import { join } from 'node:path';

import { defineConfig } from 'tsup';

export default defineConfig(({ outDir = 'dist' }) => ({
  entry: { 'ns-oci': 'src/ns-oci.ts' },
  // CommonJS starts some 25 ms sooner than ES modules.
  format: ['cjs'],
  outExtension: () => ({ js: '.js' }),
  // Everything is in the bundle but koffi, which finds its native half beside itself.
  noExternal: [/^(?!koffi$)/],
  external: ['koffi'],
  esbuildPlugins: [
    {
      // The D-Bus library reads descriptions of interfaces in XML, which nobody here asks for: a quarter of the bundle.
      name: 'no-xml',
      setup(build) {
        build.onResolve({ filter: /^fast-xml-/ }, ({ path }) => ({ path, namespace: 'no-xml' }));
        build.onLoad({ filter: /.*/, namespace: 'no-xml' }, () => ({
          contents: 'export class XMLParser {} export default class {}',
        }));
      },
    },
  ],
  dts: false,
  clean: true,
  // Commands are loaded when they are called: functions of one file, which are not compiled before.
  splitting: false,
  target: 'node20',
  // Without the --, Node takes options of ours for its own.
  banner: { js: '#!/usr/bin/env -S node --' },
  esbuildOptions(options) {
    options.minifyWhitespace = true;
    options.minifySyntax = true;
    options.conditions = ['@ns/source'];
    // createRequire takes a path as well.
    options.define = { ...options.define, 'import.meta.url': '__filename' };
    options.legalComments = 'none';
  },
  async onSuccess() {
    await chmod(join(outDir, 'ns-oci.js'), 0o755);
  },
}));
