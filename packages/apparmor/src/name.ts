import { invalid } from './errors.js';

/** The kernel takes a page with a word before the name. */
const LONGEST = 4000;

/**
 * Check the name of a profile that is to be used: as the kernel takes it.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function checkProfileName(name: string): void {
  const fits = name !== '' && Buffer.byteLength(name) <= LONGEST && name.trim() === name;
  if (fits && !/[\0\n]/.test(name)) return;
  throw invalid(
    `${JSON.stringify(name.slice(0, 80))} is not a profile's name`,
    'a name is one line without space around it, as /sys/kernel/security/apparmor/profiles has them',
  );
}

/**
 * Check the name of a profile that is to be written: a word, so that it means the same in text, in rules and to the
 * kernel.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function checkPlainName(name: string): void {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(name) && name !== 'unconfined') return;
  throw invalid(
    `${JSON.stringify(name.slice(0, 80))} cannot be the name of a container profile`,
    'use letters, digits, dots, dashes and underscores, such as ns-default',
  );
}
