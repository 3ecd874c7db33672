/** Writes what of docs/drivers.md comes from the drivers themselves: `./dev docs`. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { SOURCE_LOADER } from '@ns/testing/source-loader';

import { columns, table, withTable } from './drivers.ts';
import { read, ROOT } from './tree.ts';

if (process.execArgv.length === 0) {
  // Once more, so that the drivers' sources can be read.
  const self = fileURLToPath(import.meta.url);
  process.exitCode = spawnSync(process.execPath, [...SOURCE_LOADER, self], { stdio: 'inherit' }).status ?? 1;
} else {
  const path = 'docs/drivers.md';
  writeFileSync(join(ROOT, path), withTable(read(path), table(await columns())));
  console.log(path);
}
