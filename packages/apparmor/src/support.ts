import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { type AppArmorFeatures, readFeatures } from './features.js';
import { type Confinement, ownConfinement } from './process.js';

/** Where the kernel shows AppArmor's policy. See apparmor(7). */
export const SECURITYFS = '/sys/kernel/security/apparmor';
const PARAMETERS = '/sys/module/apparmor/parameters';

/** What AppArmor does with everything that is confined: `enforce`, unless root of the machine changed it. */
export type AppArmorMode = 'enforce' | 'complain' | 'kill' | 'unconfined';

/** What {@link detect} found. */
export type AppArmorSupport =
  | {
      readonly isAvailable: false;
      /** As a phrase: `this kernel has no AppArmor`. */
      readonly reason: string;
      /** What can be done about it, as a sentence. */
      readonly hint: string;
    }
  | {
      readonly isAvailable: true;
      /** Undefined when only root may know. */
      readonly mode: AppArmorMode | undefined;
      readonly features: AppArmorFeatures;
      /** The path of `apparmor_parser`, which makes text into policy; undefined when it is not installed. */
      readonly parser: string | undefined;
      /** How this process is confined itself. */
      readonly own: Confinement;
    };

/** Where to look, for tests and for other roots. */
export interface DetectOptions {
  /** Default: `/sys/kernel/security/apparmor`. */
  readonly securityfs?: string;
  /** Default: `/sys/module/apparmor/parameters`. */
  readonly parameters?: string;
}

/**
 * Find out whether this machine has AppArmor, and what it can do.
 *
 * @remarks
 * Where it has not, containers are run without a profile, and this says why. See apparmor(7).
 */
export function detect(options: DetectOptions = {}): AppArmorSupport {
  const { securityfs = SECURITYFS, parameters = PARAMETERS } = options;
  const features = join(securityfs, 'features');
  const enabled = readWord(join(parameters, 'enabled'));
  if (!existsSync(features)) return { isAvailable: false, ...whyNot(enabled, parameters) };
  if (enabled === 'N') return { isAvailable: false, ...whyNot(enabled, parameters) };
  return {
    isAvailable: true,
    mode: readWord(join(parameters, 'mode')) as AppArmorMode | undefined,
    features: readFeatures(features),
    parser: findParser(),
    own: ownConfinement(),
  };
}

function whyNot(enabled: string | undefined, parameters: string): { reason: string; hint: string } {
  if (enabled === 'Y') {
    return {
      reason: 'AppArmor is enabled and its policy cannot be seen: securityfs is not mounted',
      hint: 'mount -t securityfs securityfs /sys/kernel/security',
    };
  }
  if (enabled === 'N' || existsSync(parameters)) {
    return {
      reason: 'this kernel has AppArmor and it is not enabled',
      hint: 'Start the kernel with apparmor=1 security=apparmor.',
    };
  }
  return {
    reason: 'this kernel has no AppArmor',
    hint: 'Use a kernel with CONFIG_SECURITY_APPARMOR, as those of Debian and Ubuntu are.',
  };
}

/** The content of a file with one word; undefined when it is absent or for other eyes only. */
function readWord(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** The path of `apparmor_parser`: on PATH, and in the folders that a user's PATH may lack. */
export function findParser(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, 'apparmor_parser'))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return statSync(path).isFile();
      } catch {
        return false;
      }
    });
}
