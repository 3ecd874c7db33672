import { DOCKER_DEFAULT_PROFILE } from './default-profile.js';
import { parseProfile } from './parse.js';
import type { DockerProfile } from './profile.js';

/** What `--security-opt seccomp=…` asks for. */
export type SecurityOption =
  | { readonly kind: 'unconfined' }
  | { readonly kind: 'profile'; readonly profile: DockerProfile }
  /** A file that the caller reads, and gives to {@link parseProfile}. */
  | { readonly kind: 'file'; readonly path: string };

/**
 * Read the value of `--security-opt seccomp=VALUE`.
 *
 * @param value - `unconfined`, `builtin` (Docker's default profile), a path, or JSON text, as clients send it to an
 * engine.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for JSON that is no profile.
 */
export function parseSecurityOption(value: string): SecurityOption {
  if (value === 'unconfined') return { kind: 'unconfined' };
  if (value === 'builtin' || value === '') return { kind: 'profile', profile: DOCKER_DEFAULT_PROFILE };
  if (value.trimStart().startsWith('{')) return { kind: 'profile', profile: parseProfile(value) };
  return { kind: 'file', path: value };
}
