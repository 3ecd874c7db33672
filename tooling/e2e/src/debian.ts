import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { DEBIAN_CACHE, debianArchivePath, debianSources, debianSuite } from '@ns/testing/debian';

import { run } from './command.ts';

const TIMEOUT_MS = 8 * 60_000;

/**
 * An archive of a Debian root file system, made of Debian's packages: dpkg, apt, perl, and what they need. Made once a
 * day, in the repository's `.cache`.
 *
 * @throws `Error` with the last lines of mmdebstrap when it fails.
 */
export async function debianArchive(): Promise<string> {
  const archive = debianArchivePath();
  if (existsSync(archive)) return archive;
  mkdirSync(DEBIAN_CACHE, { recursive: true });
  for (const old of readdirSync(DEBIAN_CACHE)) if (old.startsWith('debian-')) rmSync(join(DEBIAN_CACHE, old));
  const unfinished = `${archive}.part`;
  const made = await run(
    ['mmdebstrap', '--variant=apt', '--format=tar', debianSuite(), unfinished, ...debianSources()],
    {
      timeoutMs: TIMEOUT_MS,
      env: environment(),
    },
  );
  if (made.status !== 0) {
    rmSync(unfinished, { force: true });
    throw new Error(
      `mmdebstrap: ended with ${made.status}\n${made.stderr.split('\n').slice(-15).join('\n')}`,
    );
  }
  renameSync(unfinished, archive);
  return archive;
}

/** Proxies and certificates are the machine's. */
const environment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
