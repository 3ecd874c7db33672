import { NsError } from '@ns/errors';
import { ERRNO, openPath, S, statx, syscall, VFS_CAP, type CallPurpose, type OwnedFd } from '@ns/syscall';

import { type CapabilityTextOptions, formatCapabilityText } from './text.js';

/** What a file gives to the process that executes it. See capabilities(7), "File capabilities". */
export interface FileCapabilities {
  /** Given, as far as the bounding set allows. */
  readonly permitted: bigint;
  /** Given when it is in the process's inheritable set too. */
  readonly inheritable: bigint;
  /** Whether what is given is effective at once: one bit for the whole file. */
  readonly effective: boolean;
  /**
   * The user that is root of the user namespaces in which they count, as the caller sees it (version 3, Linux 4.14).
   * Undefined: the initial user namespace, or the caller's own (version 2, and 1, which holds 32 bits).
   */
  readonly rootId?: number | undefined;
}

const ATTRIBUTE = 'security.capability';
/** Words of 32 bits of each set, and bytes, by version of `struct vfs_cap_data`. */
const FORMS = new Map([
  [VFS_CAP.VFS_CAP_REVISION_1 as number, { words: 1, size: VFS_CAP.XATTR_CAPS_SZ_1 as number }],
  [VFS_CAP.VFS_CAP_REVISION_2, { words: 2, size: VFS_CAP.XATTR_CAPS_SZ_2 }],
  [VFS_CAP.VFS_CAP_REVISION_3, { words: 2, size: VFS_CAP.XATTR_CAPS_SZ_3 }],
]);

/**
 * Read the bytes of a `security.capability` extended attribute: `struct vfs_cap_data`, versions 1 to 3.
 *
 * @throws {@link NsError} `ERR_NS_CORRUPT` for anything else.
 */
export function decodeFileCapabilities(attribute: Uint8Array): FileCapabilities {
  const view = new DataView(attribute.buffer, attribute.byteOffset, attribute.byteLength);
  const magic = attribute.length < 4 ? 0 : view.getUint32(0, true);
  const revision = (magic & VFS_CAP.VFS_CAP_REVISION_MASK) >>> 0;
  const form = FORMS.get(revision);
  if (form === undefined || form.size !== attribute.length) {
    throw new NsError('ERR_NS_CORRUPT', {
      operation: 'file capabilities',
      message: `${attribute.length} bytes of version ${revision >>> VFS_CAP.VFS_CAP_REVISION_SHIFT} are no ${ATTRIBUTE}`,
    });
  }
  const set = (offset: number): bigint => {
    const high = form.words === 1 ? 0 : view.getUint32(offset + 8, true);
    return BigInt(view.getUint32(offset, true)) | (BigInt(high) << 32n);
  };
  return {
    permitted: set(4),
    inheritable: set(8),
    effective: (magic & VFS_CAP.VFS_CAP_FLAGS_EFFECTIVE) !== 0,
    ...(revision === VFS_CAP.VFS_CAP_REVISION_3 ? { rootId: view.getUint32(20, true) } : {}),
  };
}

/** The bytes of the extended attribute: version 3 with a `rootId`, version 2 without. */
export function encodeFileCapabilities(capabilities: FileCapabilities): Buffer {
  const { permitted, inheritable, effective, rootId } = capabilities;
  if (rootId !== undefined && (!Number.isInteger(rootId) || rootId < 0 || rootId >= 0xffff_ffff)) {
    throw invalid(`root id ${rootId} is no user id`, 'give the host’s id of the user namespace’s root');
  }
  const isOld = rootId === undefined;
  const bytes = Buffer.alloc(isOld ? VFS_CAP.XATTR_CAPS_SZ_2 : VFS_CAP.XATTR_CAPS_SZ_3);
  const revision = isOld ? VFS_CAP.VFS_CAP_REVISION_2 : VFS_CAP.VFS_CAP_REVISION_3;
  bytes.writeUInt32LE((revision | (effective ? VFS_CAP.VFS_CAP_FLAGS_EFFECTIVE : 0)) >>> 0, 0);
  for (const [offset, mask] of [
    [4, permitted],
    [8, inheritable],
  ] as const) {
    bytes.writeUInt32LE(Number(mask & 0xffff_ffffn), offset);
    bytes.writeUInt32LE(Number((mask >> 32n) & 0xffff_ffffn), offset + 8);
  }
  if (rootId !== undefined) bytes.writeUInt32LE(rootId, 20);
  return bytes;
}

/** A path, whose symbolic links are followed, or a descriptor, `O_PATH` ones included. */
type FileReference = string | number;

/**
 * The capabilities of a file. See xattr(7).
 *
 * @returns `undefined` when it has none.
 * @throws SyscallError ENOENT; EOPNOTSUPP when the file system has no extended attributes; EOVERFLOW for those that belong
 * to a user namespace that is not the caller's.
 * @throws {@link NsError} `ERR_NS_CORRUPT`
 */
export function readFileCapabilities(file: FileReference): FileCapabilities | undefined {
  return withFile(file, (link, name) => {
    const buffer = Buffer.alloc(VFS_CAP.XATTR_CAPS_SZ_3);
    const purpose: CallPurpose = {
      what: `read the capabilities of ${name}`,
      path: name,
      expected: [ERRNO.ENODATA],
      hints: { EOVERFLOW: 'they are of another user namespace, whose root has no id here' },
    };
    const size = syscall(purpose, 'getxattr', link, ATTRIBUTE, buffer, buffer.length);
    return size < 0 ? undefined : decodeFileCapabilities(buffer.subarray(0, size));
  });
}

/**
 * Give capabilities to a regular file, in place of those it has. Needs `CAP_SETFCAP`.
 *
 * @remarks
 * Changing the owner of a file, and writing to it, takes them away again. A child of a user namespace writes what it
 * may: the kernel adds the namespace's root by itself.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for what is not a regular file, or when `effective` is set and no
 * capability is: the kernel would take it, and it would have no meaning.
 * @throws SyscallError EPERM without `CAP_SETFCAP`; EOPNOTSUPP when the file system has no extended attributes.
 */
export function writeFileCapabilities(file: FileReference, capabilities: FileCapabilities): void {
  const { permitted, inheritable, effective } = capabilities;
  if (effective && (permitted | inheritable) === 0n) {
    throw invalid('effective without any capability', 'name a capability, or remove those of the file');
  }
  const bytes = encodeFileCapabilities(capabilities);
  withFile(file, (link, name, fd) => {
    if ((statx('', { dirFd: fd }).mode & S.S_IFMT) !== S.S_IFREG) {
      throw invalid(`${name} is not a regular file`, 'only programs in regular files can have capabilities');
    }
    const purpose: CallPurpose = {
      what: `set the capabilities of ${name}`,
      path: name,
      hints: {
        EPERM: 'this needs CAP_SETFCAP in the user namespace that the file system belongs to',
        EOPNOTSUPP: 'the file system has no extended attributes of this kind',
        EINVAL: 'the root id has no place in this user namespace',
      },
    };
    syscall(purpose, 'setxattr', link, ATTRIBUTE, bytes, bytes.length, 0);
  });
}

/**
 * Take all capabilities from a file. Needs `CAP_SETFCAP`.
 *
 * @returns False when it had none.
 */
export function removeFileCapabilities(file: FileReference): boolean {
  return withFile(file, (link, name) => {
    const purpose: CallPurpose = {
      what: `remove the capabilities of ${name}`,
      path: name,
      expected: [ERRNO.ENODATA],
      hints: { EPERM: 'this needs CAP_SETFCAP' },
    };
    return syscall(purpose, 'removexattr', link, ATTRIBUTE) >= 0;
  });
}

/**
 * As getcap(8) prints them: `cap_net_raw=ep`, with `[rootid=100000]` behind where there is one.
 *
 * @param options - As {@link formatCapabilityText}.
 */
export function formatFileCapabilities(
  capabilities: FileCapabilities,
  options: CapabilityTextOptions = {},
): string {
  const { permitted, inheritable, effective, rootId } = capabilities;
  const state = { permitted, inheritable, effective: effective ? permitted | inheritable : 0n };
  return formatCapabilityText(state, options) + (rootId === undefined ? '' : ` [rootid=${rootId}]`);
}

/**
 * Runs something with a path that means exactly one file: its descriptor's link in `/proc`. The `f…xattr` calls do not
 * take `O_PATH` descriptors, and any other would need permission to read.
 */
function withFile<T>(file: FileReference, run: (link: string, name: string, fd: number) => T): T {
  if (typeof file === 'number') return run(`/proc/self/fd/${file}`, `descriptor ${file}`, file);
  using opened: OwnedFd = openPath(file);
  return run(`/proc/self/fd/${opened.fd}`, file, opened.fd);
}

const invalid = (message: string, hint: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation: 'file capabilities', message, hint });
