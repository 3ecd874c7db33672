import { isErrno, NsError } from '@ns/errors';

import { OwnedFd, writeAll } from '../host/fd.js';
import { sealedMemfd } from '../host/memfd.js';
import { syscall } from '../host/native.js';
import { openat2 } from '../host/open.js';
import { O } from '../uapi/fcntl.js';
import type { Image } from './compile.js';

/** An image where the kernel can execute it. Disposing closes it; processes that run it go on. */
export interface LoadedImage extends Disposable {
  readonly image: Image;
  readonly fd: OwnedFd;
  /** For posix_spawn(3) in this process: `/proc/self/fd/N`. */
  readonly path: string;
  /**
   * `memfd`: sealed memory, which nobody can change. `file`: a nameless file in the fallback directory, which nobody can
   * open by a name, and which the kernel keeps from being written while it runs.
   */
  readonly kind: 'memfd' | 'file';
}

/** Where an image goes when memory may not be executed. */
export interface LoadOptions {
  /**
   * A directory on a file system that has `O_TMPFILE` and is not mounted noexec. Without it, a machine with
   * `vm.memfd_noexec=2` cannot run programs.
   */
  readonly fallbackDirectory?: string | undefined;
}

/**
 * Put an image into a sealed memory file, ready to be spawned.
 *
 * @remarks
 * memfd_create(2). Where the sysctl `vm.memfd_noexec` is 2 (Linux 6.3), the image goes into a nameless file
 * (`O_TMPFILE`) in {@link LoadOptions.fallbackDirectory} instead, and {@link LoadedImage.kind} says so.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` when memory may not be executed and there is no fallback directory, or
 * the file system there has no nameless files.
 */
export function loadImage(image: Image, options: LoadOptions = {}): LoadedImage {
  try {
    return loaded(image, sealedMemfd('ns-program', image.elf, { executable: true }), 'memfd');
  } catch (error) {
    if (!isErrno(error, 'EACCES')) throw error;
    if (options.fallbackDirectory === undefined) {
      throw new NsError('ERR_NS_UNSUPPORTED', {
        operation: 'load program',
        message: 'memory files may not be executed on this machine',
        hint: 'set the sysctl vm.memfd_noexec to 0 or 1, or give a fallback directory',
        cause: error,
      });
    }
    return loaded(image, namelessFile(image, options.fallbackDirectory), 'file');
  }
}

function loaded(image: Image, fd: OwnedFd, kind: LoadedImage['kind']): LoadedImage {
  return { image, fd, path: `/proc/self/fd/${fd.fd}`, kind, [Symbol.dispose]: () => fd.close() };
}

function namelessFile(image: Image, directory: string): OwnedFd {
  let writer: OwnedFd;
  try {
    writer = openat2(directory, { flags: O.O_TMPFILE | O.O_RDWR | O.O_EXCL, mode: 0o500 });
  } catch (error) {
    throw new NsError('ERR_NS_UNSUPPORTED', {
      operation: 'load program',
      message: `no nameless file can be made in ${directory}`,
      path: directory,
      hint: 'memory files may not be executed here (vm.memfd_noexec=2), so the directory must be on a file system with O_TMPFILE: ext4, xfs, btrfs or tmpfs',
      cause: error,
    });
  }
  using file = writer;
  writeAll(file.fd, image.elf);
  syscall('make the program read-only', 'fchmod', file.fd, 0o500);
  // A file that is open for writing cannot be executed: it goes on with a descriptor that only reads.
  return openat2(`/proc/self/fd/${file.fd}`, { flags: O.O_RDONLY });
}
