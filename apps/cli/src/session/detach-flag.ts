import { value, type Flag } from '../flags/flag.js';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from './detach-keys.js';

/** What `--detach-keys` says. */
export interface DetachKeys {
  readonly text: string | undefined;
  readonly bytes: Buffer;
}

/** Without the flag. */
export const defaultDetachKeys: DetachKeys = { text: undefined, bytes: parseDetachKeys(DEFAULT_DETACH_KEYS) };

/** `--detach-keys` */
export const detachKeysFlag: Flag<DetachKeys | undefined> = value<DetachKeys>(
  `Override the key sequence for detaching a container (${DEFAULT_DETACH_KEYS})`,
  { parse: (text) => ({ text, bytes: parseDetachKeys(text) }) },
);
