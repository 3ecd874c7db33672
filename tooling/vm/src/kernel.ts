import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { which } from '@ns/testing';

import { cpio, type Entry } from './cpio.ts';
import { loadOrder } from './modules.ts';
import { Unavailable } from './unavailable.ts';

/** A kernel that is ready to start. */
export interface Kernel {
  /** As `uname -r` says it. */
  readonly release: string;
  /** The kernel's own file. */
  readonly image: string;
  /** `lib/modules/RELEASE` of its package. */
  readonly modules: string;
}

/** Where kernels are kept: with the other tools that this repository fetched. */
const CACHE = fileURLToPath(new URL('../../../.tools/vm', import.meta.url));

/** What the first process needs in order to reach the machine's files; all else is loaded on demand from there. */
const MODULES = ['virtio_pci', 'virtio_console', '9p', '9pnet_virtio', 'overlay'];

/**
 * Debian's kernel for servers, fetched and unpacked on first use, never installed. (The one for clouds has no 9p.)
 *
 * @param packageName - Another kernel package, as `linux-image-6.1.0-56-amd64`.
 * @throws {@link Unavailable} when the package cannot be had.
 */
export function prepareKernel(packageName: string = newestPackage()): Kernel {
  const folder = join(CACHE, packageName);
  if (!existsSync(folder)) fetchPackage(packageName, folder);
  const [release = ''] = readdirSync(join(folder, 'lib/modules'));
  return { release, image: join(folder, 'kernel'), modules: join(folder, 'lib/modules', release) };
}

/** The package that the release's metapackage stands for; the one that was fetched, where apt has none. */
function newestPackage(): string {
  const { stdout } = spawnSync('apt-cache', ['depends', 'linux-image-amd64'], { encoding: 'utf8' });
  const [, name] = /Depends: (linux-image-\S+)/.exec(stdout ?? '') ?? [];
  if (name !== undefined) return name;
  const fetched = existsSync(CACHE) ? readdirSync(CACHE).filter((one) => one.startsWith('linux-image-')) : [];
  const last = fetched.toSorted().at(-1);
  if (last !== undefined) return last;
  throw new Unavailable('apt knows no package linux-image-amd64, Debian’s kernel');
}

function fetchPackage(name: string, folder: string): void {
  process.stderr.write(`vm: fetching ${name} into .tools\n`);
  mkdirSync(CACHE, { recursive: true });
  // Made aside and renamed when whole: a run that is stopped half way, or two at once, leave no half of it.
  const work = mkdtempSync(join(CACHE, 'new-'));
  try {
    const apt = ['-q', '-o', 'APT::Sandbox::User=root', 'download', name];
    must('apt-get', apt, work, (said) => `apt cannot fetch ${name}: ${said}`);
    const archive = readdirSync(work).find((file) => file.endsWith('.deb')) ?? '';
    must('dpkg-deb', ['--extract', archive, 'root'], work, (said) => `${archive}: ${said}`);
    const root = join(work, 'root');
    // Since Debian 13, modules are below /usr.
    if (!existsSync(join(root, 'lib'))) renameSync(join(root, 'usr/lib'), join(root, 'lib'));
    const [release = ''] = readdirSync(join(root, 'lib/modules'));
    must('depmod', ['-b', root, release], work, (said) => `depmod: ${said}`);
    writeFileSync(join(root, 'kernel'), uncompressed(readFileSync(join(root, `boot/vmlinuz-${release}`))));
    rmSync(join(root, 'boot'), { recursive: true });
    renameInto(root, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Rename a directory to its place, unless another run was faster. */
function renameInto(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

function must(command: string, args: readonly string[], cwd: string, reason: (said: string) => string): void {
  const path = which(command) ?? command;
  const { status, stderr, error } = spawnSync(path, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Unavailable(reason(error?.message ?? stderr.trim().split('\n').at(-1) ?? ''));
}

/**
 * The kernel as an ELF file, which starts at once: a compressed one unpacks itself, and does so emulated.
 * What is not compressed with xz is given back as it is, which works as well.
 */
function uncompressed(image: Buffer): Buffer {
  const at = image.indexOf(Buffer.from('fd377a585a00', 'hex'));
  if (at === -1) return image;
  const elf = unxz(image.subarray(at));
  return elf.subarray(1, 4).toString() === 'ELF' ? elf : image;
}

function unxz(input: Buffer): Buffer {
  // The kernel's setup code follows the stream.
  const { stdout } = spawnSync('xz', ['-dc', '--single-stream'], { input, maxBuffer: 2 ** 28 });
  return stdout;
}

/** The first root file system: a shell, the modules, and the scripts of `guest/`. */
export function initramfs(kernel: Kernel): Buffer {
  const read = (file: string): string => readFileSync(join(kernel.modules, file), 'utf8');
  const order = loadOrder(read('modules.dep'), read('modules.builtin'), MODULES);
  const modules = order.map((path, index): Entry => {
    const file = readFileSync(join(kernel.modules, path));
    const packed = path.endsWith('.xz');
    // The number keeps the order.
    const name = `modules/${String(index).padStart(2, '0')}-${basename(path, packed ? '.xz' : '')}`;
    return { path: name, mode: 0o100644, content: packed ? unxz(file) : file };
  });
  const script = (name: string): Buffer => readFileSync(new URL(`../guest/${name}`, import.meta.url));
  const busybox = which('busybox');
  if (busybox === undefined) throw new Unavailable('busybox is not installed');
  return cpio([
    { path: 'init', mode: 0o100755, content: script('init') },
    { path: 'session', mode: 0o100755, content: script('session') },
    { path: 'bin/busybox', mode: 0o100755, content: readFileSync(busybox) },
    // Without it the first process has no standard output.
    { path: 'dev/console', mode: 0o020600, device: [5, 1] },
    ...modules,
  ]);
}
