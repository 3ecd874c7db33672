import { NsError } from '@ns/errors';
import { call, flagText, PR, SECBIT, syscall, type Step } from '@ns/syscall';

/** A secure bit's name without `SECBIT_`: `NOROOT`. */
export type Securebit = keyof typeof SECBIT extends `SECBIT_${infer Name}` ? Name : never;

/** All of them, in the order of their bits: each with the one that locks it after it. */
export const SECUREBITS: readonly Securebit[] = Object.keys(SECBIT).map((name) => name.slice(7) as Securebit);

/**
 * The bits that make a process live by capabilities alone, for good: being or becoming user 0 gives it none.
 *
 * @remarks
 * `KEEP_CAPS` is left off, and locked so. See capabilities(7), "The securebits flags".
 */
export const NO_ROOT_PRIVILEGE: readonly Securebit[] = [
  'NOROOT',
  'NOROOT_LOCKED',
  'NO_SETUID_FIXUP',
  'NO_SETUID_FIXUP_LOCKED',
  'KEEP_CAPS_LOCKED',
  'NO_CAP_AMBIENT_RAISE',
  'NO_CAP_AMBIENT_RAISE_LOCKED',
];

/**
 * The mask of some secure bits.
 *
 * @param names - In any case, with or without `SECBIT_`.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a name that does not exist.
 */
export function securebitsMask(names: readonly string[]): number {
  return names.reduce((mask, text) => {
    const name = `SECBIT_${text.toUpperCase().replace(/^SECBIT_/, '')}` as keyof typeof SECBIT;
    if (Object.hasOwn(SECBIT, name)) return mask | SECBIT[name];
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: 'securebits',
      message: `unknown secure bit ${JSON.stringify(text)}`,
      hint: `the names are ${SECUREBITS.join(', ')}`,
    });
  }, 0);
}

/** The names of the bits that are set; bits without a name as a number: `0x100`. */
export function securebitsNames(mask: number): string[] {
  const known = SECUREBITS.filter((name) => mask & SECBIT[`SECBIT_${name}`]);
  const rest = mask & ~securebitsMask(SECUREBITS);
  return rest === 0 ? known : [...known, `0x${rest.toString(16)}`];
}

/** The secure bits of the calling thread. The kernel does not tell those of others. See prctl(2), `PR_GET_SECUREBITS`. */
export function securebits(): number {
  return syscall('get the secure bits', 'prctl', PR.PR_GET_SECUREBITS, 0, 0, 0, 0);
}

/**
 * A step that sets the secure bits of the process, all at once.
 *
 * @remarks
 * Needs `CAP_SETPCAP`: it comes before {@link setCapabilities}, and after {@link raiseAmbient} when it holds
 * `NO_CAP_AMBIENT_RAISE`. Children inherit the bits; execve(2) clears `KEEP_CAPS`. See prctl(2), `PR_SET_SECUREBITS`.
 */
export function setSecurebits(mask: number): Step {
  return call('prctl', [PR.PR_SET_SECUREBITS, mask, 0, 0, 0], {
    what: `set the secure bits to ${flagText('SECBIT', mask)}`,
    hints: { EPERM: 'this needs CAP_SETPCAP, and no bit that is locked may change' },
  });
}
