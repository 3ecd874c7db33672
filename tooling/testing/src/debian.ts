/**
 * Debian's packages, of which the real-input tests make a root file system.
 *
 * @packageDocumentation
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const APT = '/etc/apt';
const HELPER = '/usr/lib/apt/apt-helper';
const PATIENCE_S = 20;

/** Where the root file systems of the last day are kept. */
export const DEBIAN_CACHE: string = fileURLToPath(new URL('../../../.cache/e2e', import.meta.url));

/** The machine's own lists of Debian's packages. */
export function debianSources(): string[] {
  const parts = existsSync(join(APT, 'sources.list.d')) ? readdirSync(join(APT, 'sources.list.d')) : [];
  const files = ['sources.list', ...parts.map((name) => join('sources.list.d', name))];
  return files
    .filter((name) => /\.(list|sources)$/.test(name))
    .map((name) => join(APT, name))
    .filter((path) => existsSync(path) && /^(deb|URIs:).*debian/m.test(readFileSync(path, 'utf8')));
}

/** `bookworm`. @throws `Error` when the machine does not say. */
export function debianSuite(): string {
  const [, name] = /^VERSION_CODENAME=(\S+)$/m.exec(readFileSync('/etc/os-release', 'utf8')) ?? [];
  if (name === undefined) throw new Error('/etc/os-release: VERSION_CODENAME is not there');
  return name;
}

/** Where today's root file system is, or will be. */
export function debianArchivePath(): string {
  return join(DEBIAN_CACHE, `debian-${debianSuite()}-${new Date().toISOString().slice(0, 10)}.tar`);
}

/** The archive that a list names first: its address, without the slash at its end. */
export function firstArchive(list: string): string | undefined {
  const [, address] = /^(?:deb(?: +\[[^\]]*\])? +|URIs: *)(\S*debian\S*)/m.exec(list) ?? [];
  return address?.replace(/\/+$/, '');
}

/** Why no packages can be had, or undefined when they can, or are not needed any more today. */
export function debianIsMissing(): string | undefined {
  if (!existsSync(HELPER)) return `${HELPER} is not there: this is no Debian`;
  if (existsSync(debianArchivePath())) return undefined;
  const addresses = debianSources().map((path) => firstArchive(readFileSync(path, 'utf8')));
  const address = addresses.find((one) => one !== undefined);
  if (address === undefined) return `no file of ${APT} lists Debian's packages`;
  return whyUnreachable(`${address}/dists/${debianSuite()}/InRelease`);
}

/** Fetch a file as apt does, by the machine's proxies and certificates. */
function whyUnreachable(url: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'ns-debian-'));
  try {
    const options = [`Acquire::http::Timeout=${PATIENCE_S}`, `Acquire::https::Timeout=${PATIENCE_S}`];
    const flags = [...options, 'Acquire::Retries=0'].flatMap((option) => ['-o', option]);
    const { status, stderr, error } = spawnSync(
      HELPER,
      [...flags, 'download-file', url, join(folder, 'InRelease')],
      { encoding: 'utf8', timeout: 3 * PATIENCE_S * 1000 },
    );
    if (status === 0) return undefined;
    const said = (stderr ?? '').split('\n').find((line) => line.startsWith('E: '));
    return `Debian's packages cannot be reached: ${said?.slice(3) ?? error?.message ?? url}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
