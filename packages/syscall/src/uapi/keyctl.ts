/**
 * Constants of `<linux/keyctl.h>`.
 */

/** Operations of keyctl(2). */
export const KEYCTL = {
  KEYCTL_GET_KEYRING_ID: 0,
  KEYCTL_JOIN_SESSION_KEYRING: 1,
  KEYCTL_UPDATE: 2,
  KEYCTL_REVOKE: 3,
  KEYCTL_CHOWN: 4,
  KEYCTL_SETPERM: 5,
  KEYCTL_DESCRIBE: 6,
  KEYCTL_CLEAR: 7,
  KEYCTL_LINK: 8,
  KEYCTL_UNLINK: 9,
} as const;

/** Special keyrings. */
export const KEY_SPEC = {
  KEY_SPEC_THREAD_KEYRING: -1,
  KEY_SPEC_PROCESS_KEYRING: -2,
  KEY_SPEC_SESSION_KEYRING: -3,
  KEY_SPEC_USER_KEYRING: -4,
  KEY_SPEC_USER_SESSION_KEYRING: -5,
} as const;
