import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { isErrno, NsError } from '@ns/errors';
import { fstatfs, MAGIC, O, openat2, RESOLVE, syscall, type CallPurpose } from '@ns/syscall';

import { invalid, notFound, unsupported } from './errors.js';
import { checkProfileName } from './name.js';
import { compileProfile, type CompileOptions } from './parser.js';
import { processesUnder } from './process.js';
import { detect, SECURITYFS } from './support.js';

/** A profile that the kernel has. */
export interface LoadedProfile {
  readonly name: string;
  /** `enforce`, `complain`, `kill`, `unconfined`… */
  readonly mode: string;
}

const MAY_NOT = 'changing the policy needs CAP_MAC_ADMIN in the initial user namespace';

/**
 * The profiles that the kernel has, those below others (`parent//child`) included.
 *
 * @remarks
 * Reads `/sys/kernel/security/apparmor/profiles`, which takes root.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` where there is no AppArmor, or the caller may not read it.
 */
export function listProfiles(): LoadedProfile[] {
  return parseProfiles(readPolicy('profiles'));
}

/** Reads lines such as `ns-default (enforce)`. */
export function parseProfiles(text: string): LoadedProfile[] {
  return text.split('\n').flatMap((line) => {
    const [, name, mode] = /^(.*) \(([a-z]+)\)$/.exec(line) ?? [];
    return name === undefined || mode === undefined ? [] : [{ name, mode }];
  });
}

/** True when the kernel has a profile of this name. As {@link listProfiles}. */
export const isLoaded = (name: string): boolean => listProfiles().some((profile) => profile.name === name);

/**
 * Load the profiles of a text, in place of those of the same names.
 *
 * @remarks
 * Processes that are confined by one that is replaced are confined by the new one from then on.
 *
 * @throws {@link NsError} As {@link compileProfile} and {@link loadCompiled}.
 */
export async function loadProfile(text: string, options: CompileOptions = {}): Promise<void> {
  requireAppArmor();
  loadCompiled(await compileProfile(text, options));
}

/**
 * Load profiles that were compiled before, by {@link compileProfile} or `apparmor_parser --stdout`: no parser is needed.
 *
 * @remarks
 * Either all profiles of the policy are loaded, or none. See `/sys/kernel/security/apparmor/.replace`.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` where there is no AppArmor; `ERR_NS_INVALID_ARGUMENT` for empty policy.
 * @throws SyscallError EPROTONOSUPPORT, EPROTO, EINVAL for what is no policy, or one for another kernel; EACCES, EPERM
 * without `CAP_MAC_ADMIN`, or when the policy of the machine is locked.
 */
export function loadCompiled(policy: Uint8Array): void {
  if (policy.length === 0) throw invalid('the compiled policy is empty', 'compile a profile first');
  writePolicy('.replace', policy, {
    what: 'load an AppArmor policy',
    hints: {
      EPROTONOSUPPORT: 'this is no compiled policy, or one of a version that the kernel does not know',
      EPROTO: 'the compiled policy is damaged',
      EINVAL: 'the compiled policy is not for this kernel: compile it again here',
      EACCES: MAY_NOT,
      EPERM: MAY_NOT,
    },
  });
}

/**
 * Take a profile out of the kernel, with those below it. No parser is needed.
 *
 * @remarks
 * The kernel lets processes that are confined by it run on **unconfined**. Therefore it is refused while there are any,
 * as far as the caller can see.
 *
 * @param options.evenInUse - Do it all the same.
 * @throws {@link NsError} `ERR_NS_NOT_FOUND` when there is no such profile, `ERR_NS_CONFLICT` when processes are
 * confined by it, `ERR_NS_UNSUPPORTED` where there is no AppArmor.
 * @throws SyscallError EACCES, EPERM without `CAP_MAC_ADMIN`.
 */
export function unloadProfile(name: string, options: { readonly evenInUse?: boolean } = {}): void {
  checkProfileName(name);
  requireAppArmor();
  const users = options.evenInUse === true ? [] : processesUnder(name);
  if (users.length > 0) {
    throw new NsError('ERR_NS_CONFLICT', {
      operation: 'apparmor',
      message: `profile ${name} confines ${users.length === 1 ? `process ${users[0]}` : `${users.length} processes`}, which would run on unconfined`,
      hint: 'stop them first',
    });
  }
  try {
    writePolicy('.remove', Buffer.from(name), {
      what: `unload the AppArmor profile ${name}`,
      hints: { EACCES: MAY_NOT, EPERM: MAY_NOT },
    });
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    throw notFound(
      `there is no profile ${name}`,
      'see /sys/kernel/security/apparmor/profiles for those that are',
      error,
    );
  }
}

function readPolicy(file: string): string {
  requireAppArmor();
  try {
    return readFileSync(join(SECURITYFS, file), 'utf8');
  } catch (error) {
    throw unsupported(`the kernel does not show its ${file}`, 'run as root', error);
  }
}

/** @throws {@link NsError} `ERR_NS_UNSUPPORTED` with the reason. */
export function requireAppArmor(): void {
  const support = detect();
  if (!support.isAvailable) throw unsupported(support.reason, support.hint);
}

/** One write, as the kernel wants it, to a file that is what it seems. */
function writePolicy(file: string, content: Uint8Array, purpose: CallPurpose): void {
  requireAppArmor();
  const path = join(SECURITYFS, file);
  using opened = openat2(path, { flags: O.O_WRONLY, resolve: RESOLVE.RESOLVE_NO_SYMLINKS });
  const { type } = fstatfs(opened.fd);
  if (type !== MAGIC.SECURITYFS_MAGIC && type !== MAGIC.AAFS_MAGIC) {
    throw unsupported(`${path} is not the kernel's`, 'unmount what covers /sys/kernel/security');
  }
  syscall({ ...purpose, path }, 'write', opened.fd, content, content.length);
}
