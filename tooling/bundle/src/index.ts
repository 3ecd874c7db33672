import { createHash } from 'node:crypto';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, parse } from 'node:path';

import type { Options } from 'tsup';

/** A command of apps/. */
export interface CommandBundle {
  /** Of the executable: its source is `src/NAME.ts`. */
  readonly name: string;
  /** Packages that stay outside of the bundle. */
  readonly external?: readonly string[];
  readonly esbuildPlugins?: NonNullable<Options['esbuildPlugins']>;
}

/**
 * Settings of tsup that make `dist/NAME.bundle.js`, all of the code in one file, and `dist/NAME.js`, which starts it. Each
 * file of `src/commands` is a command, and has a code cache of its own.
 */
export const commandBundle =
  ({ name, external = [], esbuildPlugins = [] }: CommandBundle) =>
  ({ outDir = 'dist' }: Options): Options => ({
    entry: { [`${name}.bundle`]: `src/${name}.ts` },
    // CommonJS starts some 25 ms sooner than ES modules.
    format: ['cjs'],
    outExtension: () => ({ js: '.js' }),
    noExternal: [new RegExp(`^(?!(${external.join('|')})$)`)],
    external: [...external],
    esbuildPlugins,
    dts: false,
    clean: true,
    // Commands are loaded when they are called: functions of one file, which are not compiled before.
    splitting: false,
    target: 'node20',
    // A function that the launcher calls: to put this around it there would copy it once more.
    banner: { js: '(function(exports,require,module,__filename,__dirname){' },
    footer: { js: '})' },
    esbuildOptions(options) {
      options.minifyWhitespace = true;
      options.minifySyntax = true;
      options.conditions = ['@ns/source'];
      // createRequire takes a path as well.
      options.define = { ...options.define, 'import.meta.url': '__filename' };
      // A script that is made from a code cache has nobody who imports: Node's own modules are required, then.
      options.supported = { ...options.supported, 'dynamic-import': false };
      options.legalComments = 'none';
    },
    async onSuccess() {
      const commands = (await readdir('src/commands')).map((file) => parse(file).name);
      await writeLauncher(outDir, name, commands);
    },
  });

/**
 * Write `NAME.js`, which starts `NAME.bundle.js` in the same directory.
 *
 * @throws {Error} The bundle has characters that are not ASCII: it is read with one byte for each.
 */
export async function writeLauncher(
  directory: string,
  name: string,
  commands: readonly string[],
): Promise<void> {
  const code = await readFile(join(directory, `${name}.bundle.js`));
  const odd = code.findIndex((byte) => byte > 0x7f);
  if (odd !== -1) {
    const near = code.subarray(Math.max(odd - 40, 0), odd + 10).toString();
    throw new Error(`${name}.bundle.js: not ASCII near ${JSON.stringify(near)}: write \\u escapes`);
  }
  const id = createHash('sha256').update(code).digest('hex').slice(0, 16);
  const launcher = await readFile(join(import.meta.dirname, 'launcher.cjs'), 'utf8');
  const file = join(directory, `${name}.js`);
  await writeFile(
    file,
    // Without the --, Node takes options of ours for its own.
    `#!/usr/bin/env -S node --\n'use strict';\nconst bundle = ${JSON.stringify({ name, id, commands })};\n${launcher}`,
  );
  await chmod(file, 0o755);
}
