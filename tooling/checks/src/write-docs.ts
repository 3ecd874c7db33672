/** Writes what of documents comes from sources, the drivers' abilities and the daemon's options: `./dev docs`. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { SOURCE_LOADER } from '@ns/testing/source-loader';

import { columns, table, withTable } from './drivers.ts';
import { read, ROOT } from './tree.ts';

if (process.execArgv.length === 0) {
  // Once more, so that the drivers' sources can be read.
  const self = fileURLToPath(import.meta.url);
  process.exitCode = spawnSync(process.execPath, [...SOURCE_LOADER, self], { stdio: 'inherit' }).status ?? 1;
} else {
  const write = (path: string, text: string): void => {
    writeFileSync(join(ROOT, path), text);
    console.log(path);
  };
  const drivers = 'docs/drivers.md';
  write(drivers, withTable(read(drivers), table(await columns())));
  const daemon = 'apps/daemon/README.md';
  const { withOptions } = (await import(
    pathToFileURL(join(ROOT, 'apps/daemon/src/options/markdown.ts')).href
  )) as { withOptions: (document: string) => string };
  write(daemon, withOptions(read(daemon)));
}
