import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { NsError } from '@ns/errors';

import type { Hardware } from './arguments.js';
import type { Settings } from './settings.js';

/** A kernel that a virtual machine can start. */
export interface Kernel {
  /** As `uname -r` says it. */
  readonly release: string;
  /** Its image. */
  readonly image: string;
  /** `/lib/modules/RELEASE` */
  readonly modules: string;
}

/** Where Debian's kernels are, and where they are kept unpacked. */
export interface KernelPlaces {
  readonly boot: string;
  readonly modules: string;
}

const PLACES: KernelPlaces = { boot: '/boot', modules: '/lib/modules' };

/**
 * The kernel that the settings name, or the newest of Debian's that has the modules: that for clouds has no 9p, by which the
 * guest gets at its files where there is no server of files.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` when there is none.
 */
export function findKernel(
  settings: Pick<Settings, 'kernel' | 'modules'>,
  files: Hardware['files'],
  places: KernelPlaces = PLACES,
): Kernel {
  if (settings.kernel !== undefined) return named(settings.kernel, settings.modules, places);
  const releases = existsSync(places.boot)
    ? readdirSync(places.boot).flatMap((name) => /^vmlinuz-(.+)$/.exec(name)?.slice(1) ?? [])
    : [];
  const usable = releases.filter(
    (release) =>
      (files === 'virtiofs' || !release.includes('cloud')) &&
      existsSync(join(places.modules, release, 'modules.dep')),
  );
  const release = usable.toSorted((left, right) => left.localeCompare(right, 'en', { numeric: true })).at(-1);
  if (release === undefined) {
    throw new NsError('ERR_NS_UNSUPPORTED', {
      operation: 'driver qemu',
      message: `no kernel for virtual machines in ${places.boot}`,
      path: places.boot,
      hint: 'apt-get install linux-image-amd64, or give the settings kernel and modules',
    });
  }
  return {
    release,
    image: join(places.boot, `vmlinuz-${release}`),
    modules: settings.modules ?? join(places.modules, release),
  };
}

function named(image: string, modules: string | undefined, places: KernelPlaces): Kernel {
  const [, guess = ''] = /(?:vmlinuz|vmlinux|kernel)-(.+)$/.exec(image) ?? [];
  const directory = modules ?? join(places.modules, guess);
  for (const path of [image, join(directory, 'modules.dep')]) {
    if (existsSync(path)) continue;
    throw new NsError('ERR_NS_UNSUPPORTED', {
      operation: 'driver qemu',
      message: `${path} does not exist`,
      path,
      hint: 'give the settings kernel and modules of one kernel: an image, and the directory lib/modules/RELEASE',
    });
  }
  return {
    release: directory.split('/').findLast((part) => part !== '') ?? guess,
    image,
    modules: directory,
  };
}

/** The magic number of xz, with which Debian's kernels are packed. */
const XZ = Buffer.from('fd377a585a00', 'hex');

/**
 * The kernel as an ELF file, which starts at once: a packed one unpacks itself, which takes an emulator seconds. It is kept
 * in `cache`; where that is not possible the packed one is given back, which works as well.
 */
export function unpacked(image: string, cache: string): string {
  const { mtimeMs, size } = statSync(image);
  const kept = join(cache, `${image.replaceAll('/', '_')}-${size}-${Math.floor(mtimeMs)}`);
  if (existsSync(kept)) return kept;
  const content = readFileSync(image);
  const start = content.indexOf(XZ);
  if (isElf(content) || start === -1) return image;
  try {
    const input = content.subarray(start);
    // The kernel's setup code follows the stream.
    const elf = execFileSync('xz', ['-dc', '--single-stream'], {
      input,
      maxBuffer: 2 ** 28,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    if (!isElf(elf)) return image;
    mkdirSync(cache, { recursive: true, mode: 0o755 });
    const half = `${kept}.${process.pid}`;
    writeFileSync(half, elf);
    renameSync(half, kept);
    return kept;
  } catch {
    // No xz, no room: it is only slower.
    return image;
  }
}

const isElf = (content: Buffer): boolean => content.subarray(1, 4).toString('latin1') === 'ELF';
