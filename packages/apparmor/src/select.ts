import { DEFAULT_PROFILE, defaultProfile } from './default-profile.js';
import { notFound, unsupported } from './errors.js';
import { checkProfileName } from './name.js';
import { parserVersion, type CompileOptions } from './parser.js';
import { isLoaded, loadProfile } from './policy.js';
import { detect, type AppArmorSupport } from './support.js';

/** What {@link selectProfile} came to. */
export interface ProfileChoice {
  /** For {@link changeProfileOnExec}; undefined: the container runs without a profile of its own. */
  readonly profile: string | undefined;
  /** Why there is none, when nobody asked for that: `this kernel has no AppArmor`. */
  readonly reason?: string;
}

/**
 * What `--security-opt apparmor=VALUE`, or its absence, means on this machine; afterwards the profile is loaded.
 *
 * @remarks
 * Without a value it is the default profile where the kernel has AppArmor, and none where it has not. A profile that is
 * named has to be there: a user who names one counts on it.
 *
 * @param value - A profile's name, `unconfined`, or undefined.
 * @param options.defaultName - Default: {@link DEFAULT_PROFILE}.
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` when one is named and there is no AppArmor, or when the default one is not
 * loaded and `apparmor_parser` is missing; `ERR_NS_NOT_FOUND` when the one that is named is not loaded.
 */
export async function selectProfile(
  value: string | undefined,
  options: CompileOptions & { readonly defaultName?: string } = {},
): Promise<ProfileChoice> {
  if (value === 'unconfined') return { profile: undefined };
  if (value !== undefined) checkProfileName(value);
  const { defaultName = DEFAULT_PROFILE } = options;
  const support = detect();
  if (!support.isAvailable) {
    if (value === undefined) return { profile: undefined, reason: support.reason };
    throw unsupported(`profile ${value} cannot be used: ${support.reason}`, support.hint);
  }
  if (value === undefined || value === defaultName) {
    await ensureDefaultProfile(support, options);
    return { profile: defaultName };
  }
  if (isLoaded(value)) return { profile: value };
  throw notFound(
    `profile ${value} is not loaded`,
    `load it: apparmor_parser -r FILE, or use ${defaultName} or unconfined`,
  );
}

/**
 * Load the default profile unless the kernel has one of its name.
 *
 * @param support - From {@link detect}.
 * @returns True when it was loaded now.
 * @throws {@link NsError} As {@link loadProfile}.
 */
export async function ensureDefaultProfile(
  support: AppArmorSupport & { readonly isAvailable: true },
  options: CompileOptions & { readonly defaultName?: string } = {},
): Promise<boolean> {
  const { defaultName: name = DEFAULT_PROFILE } = options;
  if (isLoaded(name)) return false;
  const [major = 0] = await parserVersion(options);
  const { profile: own } = support.own;
  const signalPeers = own === 'unconfined' ? [] : [own];
  await loadProfile(defaultProfile({ name, features: support.features, signalPeers }, major), options);
  return true;
}
