import { posix } from 'node:path';

import type { MountPropagation } from '@ns/engine-api';
import type { MountSpec } from '@ns/execdriver';

import { invalid } from './errors.js';

export type TmpfsSpec = Extract<MountSpec, { type: 'tmpfs' }>;

/**
 * A mount's target, in its shortest form.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` unless it is absolute and not `/`.
 */
export function checkTarget(operation: string, target: string): string {
  if (target.includes('\0')) throw invalid(operation, `mount path ${JSON.stringify(target)} holds a NUL`);
  if (!target.startsWith('/')) {
    throw invalid(operation, `invalid mount path: '${target}' mount path must be absolute`);
  }
  const clean = posix.normalize(target).replace(/(?<=.)\/$/, '');
  if (clean === '/') {
    throw invalid(
      operation,
      `invalid specification: destination can't be '/'`,
      'Mount it on a directory below /.',
    );
  }
  return clean;
}

const PROPAGATIONS = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'] as const;

export function checkPropagation(operation: string, text: string): Exclude<MountPropagation, ''> | undefined {
  if (text === '') return undefined;
  const found = PROPAGATIONS.find((known) => known === text);
  if (found === undefined) {
    throw invalid(
      operation,
      `invalid propagation mode: ${text}`,
      `The modes are ${PROPAGATIONS.join(', ')}.`,
    );
  }
  return found;
}

/** What the third part of `source:target:options` says. */
export interface BindMode {
  readonly readonly: boolean;
  readonly propagation?: Exclude<MountPropagation, ''>;
}

/** SELinux labels and hints for macOS do nothing here, as in Docker on a machine without them. */
const WITHOUT_EFFECT = ['z', 'Z', 'nocopy', 'consistent', 'cached', 'delegated'];

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a word that is not known, or that contradicts another. */
export function parseBindMode(operation: string, text: string): BindMode {
  const words = text.split(',').filter((word) => word !== '' && !WITHOUT_EFFECT.includes(word));
  const modes = words.filter((word) => word === 'ro' || word === 'rw');
  const propagations = words.filter((word) => (PROPAGATIONS as readonly string[]).includes(word));
  if (modes.length > 1 || propagations.length > 1 || modes.length + propagations.length < words.length) {
    throw invalid(operation, `invalid mode: ${text}`, 'The options of -v are ro, rw and a propagation mode.');
  }
  const propagation = checkPropagation(operation, propagations[0] ?? '');
  return { readonly: modes[0] === 'ro', ...(propagation ? { propagation } : {}) };
}

const SIZE = /^(\d+)([kmg]?)b?$/i;
const UNIT: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** A size with an optional unit, in bytes: `64m`. */
export function parseSize(operation: string, text: string): number {
  const match = SIZE.exec(text);
  const bytes = match ? Number(match[1]) * (UNIT[(match[2] as string).toLowerCase()] as number) : Number.NaN;
  if (!Number.isSafeInteger(bytes))
    throw invalid(operation, `invalid size: '${text}'`, 'Give bytes, or k, m or g.');
  return bytes;
}

const SWITCHES: Readonly<Record<string, Partial<TmpfsSpec>>> = {
  ro: { readonly: true },
  rw: { readonly: false },
  exec: { exec: true },
  noexec: { exec: false },
  suid: { suid: true },
  nosuid: { suid: false },
  dev: { dev: true },
  nodev: { dev: false },
};

/** The options of a tmpfs: `size=64m,mode=1777,exec`. See tmpfs(5). */
export function parseTmpfsOptions(
  operation: string,
  words: readonly (readonly [string, string?])[],
): Partial<TmpfsSpec> {
  const parts = words.map(([word, value]): Partial<TmpfsSpec> => {
    if (value === undefined && word in SWITCHES) return SWITCHES[word] as Partial<TmpfsSpec>;
    switch (value === undefined ? '' : word) {
      case 'size':
        return { sizeBytes: parseSize(operation, value as string) };
      case 'mode':
        return { mode: parseNumber(operation, word, value as string, 8, 0o7777) };
      case 'uid':
      case 'gid':
        return { [word]: parseNumber(operation, word, value as string, 10, 2 ** 32 - 2) };
      default:
        throw invalid(
          operation,
          `invalid tmpfs option: ${value === undefined ? word : `${word}=${value}`}`,
          'The options are size, mode, uid, gid, ro, exec, suid and dev.',
        );
    }
  });
  return Object.assign({}, ...parts) as Partial<TmpfsSpec>;
}

/** Split `a,b=c`. */
export const splitOptions = (text: string): [string, string?][] =>
  text
    .split(',')
    .filter((word) => word !== '')
    .map((word) => word.split(/=(.*)/s, 2) as [string, string?]);

function parseNumber(operation: string, name: string, text: string, radix: 8 | 10, largest: number): number {
  const digits = radix === 8 ? /^[0-7]+$/ : /^\d+$/;
  const value = digits.test(text) ? Number.parseInt(text, radix) : Number.NaN;
  if (value <= largest) return value;
  throw invalid(
    operation,
    `invalid ${name}: '${text}'`,
    radix === 8 ? 'A mode is octal: 1777.' : 'Ids are decimal.',
  );
}
