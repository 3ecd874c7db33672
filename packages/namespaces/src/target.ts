import {
  O,
  RESOLVE,
  S,
  call,
  compute,
  cstr,
  fail,
  leave,
  loop,
  on,
  set,
  slot,
  struct,
  when,
} from '@ns/syscall';
import {
  again,
  type Data,
  type Handler,
  type Operand,
  type Purpose,
  type Slot,
  type Step,
} from '@ns/syscall';

/** `struct open_how` of openat2(2). */
const HOW_SIZE: number = 24;
const openHow = (flags: number, flagsText: string, resolve: number, resolveText: string): Data =>
  struct([
    ['flags', 8, flags | O.O_CLOEXEC, `${flagsText}|O_CLOEXEC`],
    ['mode', 8, 0],
    ['resolve', 8, resolve, resolveText],
  ]);

const IN_ROOT = RESOLVE.RESOLVE_IN_ROOT | RESOLVE.RESOLVE_NO_MAGICLINKS;
const IN_ROOT_TEXT = 'RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS';
/** Also without symbolic links: for what the runtime itself mounts and an image must not redirect. */
const PLAIN = IN_ROOT | RESOLVE.RESOLVE_NO_SYMLINKS;
const PLAIN_TEXT = `${IN_ROOT_TEXT}|RESOLVE_NO_SYMLINKS`;
const DIRECTORY_TEXT = 'O_PATH|O_DIRECTORY';

const DIRECTORY_IN_ROOT = openHow(O.O_PATH | O.O_DIRECTORY, DIRECTORY_TEXT, IN_ROOT, IN_ROOT_TEXT);
const FILE_IN_ROOT: Data = openHow(O.O_PATH, 'O_PATH', IN_ROOT, IN_ROOT_TEXT);
const PLAIN_DIRECTORY: Data = openHow(O.O_PATH | O.O_DIRECTORY, DIRECTORY_TEXT, PLAIN, PLAIN_TEXT);
const PLAIN_FILE = openHow(O.O_PATH, 'O_PATH', PLAIN, PLAIN_TEXT);

/** RESOLVE_IN_ROOT answers EAGAIN when a rename anywhere on the machine races with a `..` on the way. */
const MAX_TRIES = 128;

/** What a mount point, or a directory, is looked for and made as. */
export interface Target {
  /** The container's root, or another directory that stands for `/`. */
  readonly rootFd: Operand;
  /** In its shortest form: see {@link containerPath}. Not `/`. */
  readonly path: string;
  readonly kind: 'directory' | 'file';
  /** What it is for: `mount proc on /proc`. */
  readonly what: string;
  readonly into: Slot;
  /** Refuse symbolic links anywhere in the path. Default: they are followed, inside the root. */
  readonly plain?: boolean;
  readonly tag?: string;
}

const hints = (target: Target): Readonly<Record<string, string>> => ({
  ENOENT: `${target.path} leads through a symbolic link to something that does not exist in the image`,
  ENOTDIR:
    target.kind === 'directory'
      ? `${target.path}, or a part of it, is a file in the image and must be a directory`
      : `a part of ${target.path} is a file in the image and must be a directory`,
  ELOOP: target.plain
    ? `${target.path} is or leads through a symbolic link in the image, and must not`
    : `${target.path} leads through a loop of symbolic links in the image`,
  EROFS: `the root file system is read-only and has no ${target.path}: create it in the image`,
  EACCES: `the container's root user has no right to create ${target.path}`,
  EPERM: `the file system does not let the container create ${target.path}`,
  EOVERFLOW: `the owner of the directory has no id in the user namespace: choose an id map that has it, or create ${target.path} in the image`,
  EAGAIN: 'something on the machine keeps renaming directories on the way: try again',
});

/** A path that is opened below a directory. */
export interface Below {
  readonly directory: Operand;
  /** Relative to it. */
  readonly path: string;
  /** A `struct open_how`. */
  readonly how: Data;
  readonly into: Slot;
  readonly purpose: Purpose;
  /** What is done when it does not exist. Default: the step fails. */
  readonly missing?: readonly Step[] | undefined;
  /** The errnos that mean so. Default ENOENT. */
  readonly absent?: readonly string[];
  /** Links are refused, and the path has no `..`: then the kernel never asks to try again. */
  readonly plain?: boolean | undefined;
}

/** openat2(2), for as often as the kernel asks to try again. */
export function openBelow(below: Below): readonly Step[] {
  const { directory, path, how, into, purpose, missing, absent = ['ENOENT'], plain = false } = below;
  const tries = slot('tries');
  const handlers = missing ? [on(absent, ...missing)] : [];
  const open = (...more: Handler[]): Step =>
    call('openat2', [directory, cstr(path), how, HOW_SIZE], { ...purpose, into, on: [...more, ...handlers] });
  if (plain) return [open()];
  const retry = when([tries, '<', MAX_TRIES], [again], [fail(into, purpose)]);
  return [set(tries, 0), loop(open(on(['EAGAIN'], compute(tries, tries, '+', 1), retry)), leave)];
}

/**
 * Open a path inside the container's root as an `O_PATH` descriptor, and make what is missing of it.
 *
 * @remarks
 * The kernel resolves the path below the root's descriptor (openat2(2), `RESOLVE_IN_ROOT`): an absolute symbolic link
 * means the container's root, `..` stops there, magic links are refused. Missing components are made one by one below
 * descriptors that were opened that way; whatever is made or changed meanwhile, nothing outside the root is reached
 * (CVE-2021-30465, CVE-2023-27561). Directories get mode 0755, a file 0644, with the umask 0 that {@link attachRoot} sets.
 *
 * A directory that exists costs one system call.
 */
export function openTarget(target: Target): readonly Step[] {
  const purpose: Purpose = {
    what: target.what,
    object: target.path,
    hints: hints(target),
    ...(target.tag === undefined ? {} : { tag: target.tag }),
  };
  const directory = target.plain === true ? PLAIN_DIRECTORY : DIRECTORY_IN_ROOT;
  const wanted = target.kind === 'directory' ? directory : target.plain === true ? PLAIN_FILE : FILE_IN_ROOT;
  const components = target.path.slice(1).split('/');
  const open = (path: string, how: Data, into: Slot, missing?: readonly Step[]): readonly Step[] =>
    openBelow({ directory: target.rootFd, path, how, into, purpose, missing, plain: target.plain });

  const missing: Step[] = [];
  let parent: Operand = target.rootFd;
  for (const [index, name] of components.entries()) {
    const path = components.slice(0, index + 1).join('/');
    const isLast = index === components.length - 1;
    const made = { ...purpose, what: `create /${path}`, tolerate: ['EEXIST'] };
    const make =
      isLast && target.kind === 'file'
        ? call('mknodat', [parent, cstr(name), S.S_IFREG | 0o644, 0], made)
        : call('mkdirat', [parent, cstr(name), 0o755], made);
    if (isLast) missing.push(make, ...open(path, wanted, target.into));
    else {
      const here = slot(`/${path}`);
      missing.push(...open(path, directory, here, [make, ...open(path, directory, here)]));
      parent = here;
    }
  }
  return open(target.path.slice(1), wanted, target.into, missing);
}

/** How a path below one of our own proc or sysfs mounts is opened: never through a link, never onto another file system. */
export const BENEATH: (
  flags: number,
  flagsText: string,
  options?: { readonly sameMount: boolean },
) => Data = (flags, flagsText, { sameMount } = { sameMount: true }) =>
  openHow(
    flags,
    flagsText,
    RESOLVE.RESOLVE_BENEATH | RESOLVE.RESOLVE_NO_SYMLINKS | (sameMount ? RESOLVE.RESOLVE_NO_XDEV : 0),
    `RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS${sameMount ? '|RESOLVE_NO_XDEV' : ''}`,
  );

export { FILE_IN_ROOT, HOW_SIZE, PLAIN_DIRECTORY };
