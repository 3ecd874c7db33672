/** Runs publish.ts on this package's sources: `pnpm --filter @ns/netfw bench`. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { SOURCE_LOADER } from '@ns/testing/source-loader';

const script = join(import.meta.dirname, 'publish.ts');
process.exitCode = spawnSync(process.execPath, [...SOURCE_LOADER, script], { stdio: 'inherit' }).status ?? 1;
