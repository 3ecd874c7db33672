import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { run } from './command.ts';

const CACHE = fileURLToPath(new URL('../../../.cache/e2e', import.meta.url));
const APT = '/etc/apt';
const TIMEOUT_MS = 8 * 60_000;

/** The machine's own lists of Debian's packages. */
function sources(): string[] {
  const parts = existsSync(join(APT, 'sources.list.d')) ? readdirSync(join(APT, 'sources.list.d')) : [];
  const files = ['sources.list', ...parts.map((name) => join('sources.list.d', name))];
  return files
    .filter((name) => /\.(list|sources)$/.test(name))
    .map((name) => join(APT, name))
    .filter((path) => existsSync(path) && /^(deb|URIs:).*debian/m.test(readFileSync(path, 'utf8')));
}

/** `bookworm`. @throws `Error` when the machine does not say. */
function suite(): string {
  const [, name] = /^VERSION_CODENAME=(\S+)$/m.exec(readFileSync('/etc/os-release', 'utf8')) ?? [];
  if (name === undefined) throw new Error('/etc/os-release: VERSION_CODENAME is not there');
  return name;
}

/**
 * An archive of a Debian root file system, made of Debian's packages: dpkg, apt, perl, and what they need. Made once a
 * day, in the repository's `.cache`.
 *
 * @throws `Error` with the last lines of mmdebstrap when it fails.
 */
export async function debianArchive(): Promise<string> {
  const name = `debian-${suite()}-${new Date().toISOString().slice(0, 10)}.tar`;
  const archive = join(CACHE, name);
  if (existsSync(archive)) return archive;
  mkdirSync(CACHE, { recursive: true });
  for (const old of readdirSync(CACHE)) if (old.startsWith('debian-')) rmSync(join(CACHE, old));
  const unfinished = `${archive}.part`;
  const made = await run(['mmdebstrap', '--variant=apt', '--format=tar', suite(), unfinished, ...sources()], {
    timeoutMs: TIMEOUT_MS,
    env: environment(),
  });
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
