import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's directory. */
export const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** The parts of a package.json that the checks read. */
export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
}

/** A package of the workspace. */
export interface Package {
  /** Relative to the root: `packages/errors`. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** Its tag in turbo.json. */
  readonly tags: readonly string[];
}

/** The text of a file, by its path from the root. */
export const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** True when the path, from the root, exists. */
export const exists = (path: string): boolean => existsSync(join(ROOT, path));

/** What git would commit: tracked files and new ones that are not ignored, that are there. */
export function files(...patterns: readonly string[]): string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...patterns];
  const out = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 });
  return [...new Set(out.split('\0'))].filter((path) => path !== '' && exists(path));
}

/** The packages in some folders of the workspace. */
export function packages(...groups: readonly ('packages' | 'apps' | 'tooling')[]): Package[] {
  return groups.flatMap((group) =>
    readdirSync(join(ROOT, group))
      .map((name) => `${group}/${name}`)
      .filter((folder) => exists(`${folder}/package.json`))
      .map((folder) => ({
        folder,
        manifest: JSON.parse(read(`${folder}/package.json`)) as Manifest,
        tags: exists(`${folder}/turbo.json`)
          ? ((JSON.parse(read(`${folder}/turbo.json`)) as { tags?: string[] }).tags ?? [])
          : [],
      })),
  );
}

/** The sources that are shipped, without their tests. */
export const sources = (): string[] =>
  files('packages/*/src/**', 'apps/*/src/**').filter(
    (path) => path.endsWith('.ts') && !path.endsWith('.test.ts'),
  );
