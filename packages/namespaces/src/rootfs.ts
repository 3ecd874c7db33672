import { realpathSync, statSync, type Stats } from 'node:fs';

import { NsError, SyscallError, isErrno } from '@ns/errors';
import { OwnedFd, cloneTree, createMount, fsconfig, fsconfigCreate, fsmount, fsopen } from '@ns/syscall';
import { MOUNT_ATTR, openPath, setMountAttributes, syscall } from '@ns/syscall';

import { mountAttached } from './attached-overlay.js';
import { isWithin } from './container-path.js';
import { cloneIdMapped, mapId } from './id-mapped.js';
import { invalid } from './invalid.js';
import { checkHostPath, checkOverlay, isPlainParameter, type OverlaySpec } from './overlay.js';
import type { IdMaps, RootSpec } from './spec.js';

/** How a root is prepared. */
export interface RootOptions {
  /**
   * Whether this process may mount on the host: CAP_SYS_ADMIN. Default: whether it runs as root. Without it everything
   * is mounted by the container's first process, in its user namespace.
   */
  readonly privileged?: boolean | undefined;
  /**
   * For an overlay without `upper`: keep what the container writes in a tmpfs, which is gone with it. `sizeBytes`:
   * default half of memory.
   *
   * This is also how `/` itself can be a layer on kernels before 5.13, which refuse an upper directory below a lower one.
   */
  readonly tmpfsUpper?: boolean | { readonly sizeBytes: number } | undefined;
}

/** A root that the container's first process mounts itself: without privilege, or on a kernel before 6.7. */
export type ChildRoot =
  | { readonly kind: 'directory'; readonly path: string; readonly readonly: boolean }
  | {
      readonly kind: 'overlay';
      readonly lower: readonly string[];
      readonly upper?: string;
      readonly work?: string;
      /** Options of a tmpfs for upper and work, and the root's mode and owner. */
      readonly tmpfs?: TmpfsUpper;
      /** Overlay attributes in `user.*`: all that a user namespace may write. Kernel 5.11. */
      readonly userxattr: boolean;
    };

/** A tmpfs for what is written: its options, and the mode and owner of the root directory. */
export interface TmpfsUpper {
  readonly sizeBytes: number | undefined;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A root, ready for {@link attachRoot}: a detached mount, or what the container's first process mounts. */
export interface PreparedRoot extends Disposable {
  /** A detached mount, which nobody else sees; absent with {@link inChild}. Hand it to the program, then dispose. */
  readonly fd: OwnedFd | undefined;
  readonly inChild: ChildRoot | undefined;
}

/**
 * Check a root specification and make a detached mount of it.
 *
 * @remarks
 * Nothing is attached anywhere: the mount lives by its descriptor, so a process that dies leaves nothing behind.
 * A directory is cloned with what is mounted below it (open_tree(2)); an overlay is a file system of its own (fsopen(2);
 * layers one by one with `lowerdir+`, kernel 6.7). An overlay of one lower directory without upper is a read-only bind.
 *
 * With `idMap` each layer is an id-mapped mount (kernel 5.19), detached too, or attached for a moment before 6.15.
 *
 * @throws {@link NsError} `ERR_NS_NOT_FOUND` for a directory that does not exist, `ERR_NS_INVALID_ARGUMENT` for a file,
 * a malformed path, or layers that the kernel refuses together, `ERR_NS_CONFLICT` for an upper in use,
 * `ERR_NS_UNSUPPORTED` without overlayfs.
 *
 * @example The machine's own root, with changes that vanish
 * ```ts
 * using root = prepareRoot({ kind: 'overlay', lower: ['/'] }, { tmpfsUpper: true });
 * ```
 */
export function prepareRoot(spec: RootSpec, options: RootOptions = {}): PreparedRoot {
  const privileged = options.privileged ?? process.geteuid?.() === 0;
  if (spec.kind === 'directory') {
    checkHostPath('root', spec.path);
    checkDirectory(spec.path);
    const child: ChildRoot = { kind: 'directory', path: spec.path, readonly: false };
    return privileged ? prepared(cloneRoot(spec.path, false), child) : prepared(undefined, child);
  }
  checkOverlay(spec);
  const [top] = spec.lower.map(checkDirectory);
  checkOverlap(spec);
  if (spec.idMap !== undefined && !privileged)
    throw noIdMap('mapping the ids of a root needs the rights of root');
  const wantsTmpfs = options.tmpfsUpper !== undefined && options.tmpfsUpper !== false;
  if (wantsTmpfs && spec.upper !== undefined) {
    throw invalid('root', 'a tmpfs for what is written, and an upper directory', {
      hint: 'give one of them',
    });
  }
  if (spec.lower.length === 1 && spec.upper === undefined && !wantsTmpfs) {
    const path = spec.lower[0]!;
    const child: ChildRoot = { kind: 'directory', path, readonly: true };
    if (spec.idMap !== undefined) return prepared(cloneIdMapped(path, spec.idMap, true), child);
    return privileged ? prepared(cloneRoot(path, true), child) : prepared(undefined, child);
  }
  const tmpfs = wantsTmpfs ? tmpfsUpper(top!, options.tmpfsUpper, spec.idMap) : undefined;
  const child = childOverlay(spec, tmpfs, !privileged);
  return privileged ? prepared(mountOverlay(spec, tmpfs), child) : prepared(undefined, child);
}

function prepared(fd: OwnedFd | undefined, child: ChildRoot): PreparedRoot {
  return { fd, inChild: fd ? undefined : child, [Symbol.dispose]: () => fd?.close() };
}

function childOverlay(spec: OverlaySpec, tmpfs: TmpfsUpper | undefined, userxattr: boolean): ChildRoot {
  const { lower, upper, work } = spec;
  return {
    kind: 'overlay',
    lower,
    userxattr,
    ...(upper !== undefined && work !== undefined ? { upper, work } : {}),
    ...(tmpfs ? { tmpfs } : {}),
  };
}

/** The root directory of an overlay is its upper layer's: it gets the mode and owner that the image's has. */
function tmpfsUpper(top: Stats, size: RootOptions['tmpfsUpper'], idMap?: IdMaps): TmpfsUpper {
  const sizeBytes = typeof size === 'object' ? size.sizeBytes : undefined;
  if (sizeBytes !== undefined && (!Number.isSafeInteger(sizeBytes) || sizeBytes < 1)) {
    throw invalid('root', `tmpfs size ${sizeBytes} is not a positive number of bytes`);
  }
  const { uids = [], gids = [] } = idMap ?? {};
  return { sizeBytes, mode: top.mode & 0o7777, uid: mapId(uids, top.uid), gid: mapId(gids, top.gid) };
}

/** A directory by where it really is. */
interface Place {
  readonly path: string;
  readonly real: string;
  readonly dev: number;
}

/** What the kernel would refuse too, but not before the container has been started where the child mounts the overlay. */
function checkOverlap({ lower, upper, work }: OverlaySpec): void {
  if (upper === undefined || work === undefined) return;
  const place = (path: string): Place => ({ path, real: realpathSync(path), dev: checkDirectory(path).dev });
  const [over, scratch] = [place(upper), place(work)];
  const isInside = (inner: Place, outer: Place): boolean =>
    inner.dev === outer.dev && isWithin(inner.real, outer.real);
  if (isInside(over, scratch) || isInside(scratch, over)) {
    throw invalid('root', `upper ${upper} and work ${work} lie in one another`, {
      path: upper,
      hint: 'make them two directories side by side',
    });
  }
  const inner = lower.map(place).find((layer) => isInside(layer, over) || isInside(layer, scratch));
  if (inner) throw overlap(inner.path, upper);
}

const overlap = (lower: string, upper: string | undefined, cause?: unknown): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'root',
    message: `the directories of the overlay overlap: ${lower} and ${upper ?? 'another layer'}`,
    path: lower,
    hint: 'put upper and work elsewhere, or keep what is written in a tmpfs',
    cause,
  });

function checkDirectory(path: string): Stats {
  let stats: Stats | undefined;
  try {
    stats = statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    if (!isErrno(cause, 'ELOOP', 'EACCES', 'ENAMETOOLONG')) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: 'root',
      message: `${path} cannot be reached (${code})`,
      path,
      cause,
    });
  }
  if (!stats) {
    throw new NsError('ERR_NS_NOT_FOUND', {
      operation: 'root',
      message: `${path} does not exist`,
      path,
      hint: 'give the directory of an unpacked root file system',
    });
  }
  if (!stats.isDirectory()) {
    throw invalid('root', `${path} is not a directory`, {
      path,
      hint: 'give the directory of an unpacked root file system; an archive is imported as an image first',
    });
  }
  return stats;
}

/** Undefined where the kernel cannot change a detached mount, before 5.12. */
function cloneRoot(path: string, readonly: boolean): OwnedFd | undefined {
  const tree = cloneTree(path, { recursive: true });
  try {
    // The clone of a shared mount is its peer; pivot_root(2) refuses that, and nothing shall spread back.
    const set = readonly ? MOUNT_ATTR.MOUNT_ATTR_RDONLY : 0;
    setMountAttributes('', { dirFd: tree.fd, propagation: 'private', recursive: true, set });
    return tree;
  } catch (error) {
    tree.close();
    if (isErrno(error, 'ENOSYS')) return undefined;
    throw error;
  }
}

/** Undefined where the kernel takes layers only as one string, before 6.7, or only attached ones, before 6.15. */
function mountOverlay(spec: OverlaySpec, tmpfs: TmpfsUpper | undefined): OwnedFd | undefined {
  const { idMap } = spec;
  if (idMap !== undefined && !takesDetachedLayers()) return mountMapped(spec, idMap, tmpfs);
  if (!takesLayers()) return undefined;
  const held: OwnedFd[] = [];
  try {
    const context = hold(held, fsopen('overlay'));
    fsconfig(context.fd, 'source', 'overlay');
    // With an index, an upper directory could not be used again with other layers, as after an update of the image.
    fsconfig(context.fd, 'index', 'off');
    for (const path of spec.lower) {
      const layer = idMap && hold(held, cloneIdMapped(path, idMap, false));
      fsconfig(context.fd, 'lowerdir+', layer ? `/proc/self/fd/${layer.fd}` : parameter(held, path));
    }
    if (tmpfs) {
      const upper = hold(held, makeTmpfsUpper(tmpfs));
      fsconfig(context.fd, 'upperdir', `/proc/self/fd/${upper.fd}/upper`);
      fsconfig(context.fd, 'workdir', `/proc/self/fd/${upper.fd}/work`);
    } else if (spec.upper !== undefined && spec.work !== undefined) {
      fsconfig(context.fd, 'upperdir', parameter(held, spec.upper));
      fsconfig(context.fd, 'workdir', parameter(held, spec.work));
    }
    fsconfigCreate(context.fd);
    return fsmount(context.fd);
  } catch (error) {
    if (tmpfs && isErrno(error, 'EINVAL')) return undefined;
    throw explainOverlay(spec, error);
  } finally {
    for (const fd of held) fd.close();
  }
}

/** Before 6.15 layers are taken by their paths only, and what is mapped has none until it is attached. */
function mountMapped(spec: OverlaySpec, idMap: IdMaps, tmpfs: TmpfsUpper | undefined): OwnedFd {
  const held: OwnedFd[] = [];
  try {
    const lower = spec.lower.map((path) => hold(held, cloneIdMapped(path, idMap, false)));
    const scratch = tmpfs && hold(held, makeTmpfsUpper(tmpfs));
    return mountAttached({ lower, scratch, upper: spec.upper, work: spec.work });
  } catch (error) {
    throw explainOverlay(spec, error);
  } finally {
    for (const fd of held) fd.close();
  }
}

function hold(held: OwnedFd[], fd: OwnedFd): OwnedFd {
  held.push(fd);
  return fd;
}

/** A path as it is, or by a descriptor when the kernel could read it as several or cut it. */
function parameter(held: OwnedFd[], path: string): string {
  if (isPlainParameter(path)) return path;
  return `/proc/self/fd/${hold(held, openPath(path)).fd}`;
}

function makeTmpfsUpper({ sizeBytes, mode, uid, gid }: TmpfsUpper): OwnedFd {
  const options = sizeBytes === undefined ? {} : { size: String(sizeBytes) };
  const tmpfs = createMount('tmpfs', { source: 'upper', mode: '0700', ...options });
  try {
    syscall('make the upper directory', 'mkdirat', tmpfs.fd, 'upper', 0o700);
    syscall('make the work directory', 'mkdirat', tmpfs.fd, 'work', 0o700);
    syscall('set the owner of the root', 'fchownat', tmpfs.fd, 'upper', uid, gid, 0);
    syscall('set the mode of the root', 'fchmodat', tmpfs.fd, 'upper', mode);
    return tmpfs;
  } catch (error) {
    tmpfs.close();
    throw error;
  }
}

let layers: boolean | undefined;

/**
 * Whether overlayfs takes its layers one by one, and says at once when it does not know a parameter: before 6.5 every
 * parameter was taken, and refused later.
 */
function takesLayers(): boolean {
  if (layers !== undefined) return layers;
  let context: OwnedFd;
  try {
    context = fsopen('overlay');
  } catch (cause) {
    if (!isErrno(cause, 'ENODEV')) throw cause;
    throw new NsError('ERR_NS_UNSUPPORTED', {
      operation: 'root',
      message: 'the kernel has no overlay file system',
      hint: 'load the module "overlay" (modprobe overlay), or use a plain directory as root',
      cause,
    });
  }
  try {
    fsconfig(context.fd, 'lowerdir+', '/');
    layers = refuses(() => fsconfig(context.fd, 'no-such-parameter', '1'));
  } catch (error) {
    if (!isErrno(error, 'EINVAL')) throw error;
    layers = false;
  } finally {
    context.close();
  }
  return layers;
}

let detachedLayers: boolean | undefined;

/** From 6.15 on. */
function takesDetachedLayers(): boolean {
  detachedLayers ??= takesLayers() && probeDetachedLayers();
  return detachedLayers;
}

function probeDetachedLayers(): boolean {
  using context = fsopen('overlay');
  using tmpfs = createMount('tmpfs', { source: 'probe' });
  return !refuses(() => fsconfig(context.fd, 'lowerdir+', `/proc/self/fd/${tmpfs.fd}`));
}

const noIdMap = (message: string): NsError =>
  new NsError('ERR_NS_UNSUPPORTED', {
    operation: 'root',
    message,
    hint: 'do without a user namespace of the container’s own (--userns=host)',
  });

function refuses(run: () => void): boolean {
  try {
    run();
    return false;
  } catch (error) {
    if (isErrno(error, 'EINVAL')) return true;
    throw error;
  }
}

/** What the kernel's errno means for an overlay. */
function explainOverlay(spec: OverlaySpec, cause: unknown): unknown {
  if (!SyscallError.is(cause)) return cause;
  const refused = (message: string, hint: string): NsError =>
    new NsError('ERR_NS_INVALID_ARGUMENT', { operation: 'root', message, hint, cause, path: spec.upper });
  switch (cause.code) {
    case 'ELOOP':
      return overlap(spec.lower.join(', '), spec.upper, cause);
    case 'EBUSY':
      return new NsError('ERR_NS_CONFLICT', {
        operation: 'root',
        message: `upper directory ${spec.upper} or its work directory is in use by another overlay`,
        path: spec.upper,
        hint: 'give each container directories of its own',
        cause,
      });
    case 'EROFS':
      return refused(`upper directory ${spec.upper} is on a read-only file system`, 'choose a writable one');
    case 'EINVAL':
    case 'EOPNOTSUPP':
      return refused(
        `the kernel refuses this overlay: ${cause.message}`,
        'upper and work must be different directories of one mount, on a file system with d_type and extended attributes (not overlay, not NFS)',
      );
    default:
      return cause;
  }
}
