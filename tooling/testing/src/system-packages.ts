import { readFileSync } from 'node:fs';

import { which } from './requirements.ts';

/** A Debian package that tests or benchmarks use. */
export interface SystemPackage {
  readonly name: string;
  /** Absent from some releases: installed where there is one. */
  readonly optional: boolean;
  readonly reason: string;
}

/**
 * Read a list of packages: one a line, `NAME  reason`; `NAME?` for an optional one; `#` starts a comment.
 *
 * @throws `Error` on a line without a reason.
 */
export function parsePackages(text: string): SystemPackage[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', mark, reason = ''] = /^(\S+?)(\?)?(?:\s+(.*))?$/.exec(line.trim()) ?? [];
      if (reason === '') throw new Error(`package list: ${name} has no reason`);
      return { name, optional: mark === '?', reason };
    });
}

/** The packages of `tooling/apt/LIST.txt`. */
export function packagesOf(list: 'test' | 'vm' | 'bench'): SystemPackage[] {
  return parsePackages(readFileSync(new URL(`../../apt/${list}.txt`, import.meta.url), 'utf8'));
}

/** True where `./dev` installs packages: root on Debian or a relative of it. */
export function canInstall(): boolean {
  return process.getuid?.() === 0 && which('apt-get') !== undefined;
}
