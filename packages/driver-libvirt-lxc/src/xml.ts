import { NsError } from '@ns/errors';

/** What XML 1.0 has no way to write, not even as a reference: most control characters, halves of pairs, two others. */
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const UNWRITABLE = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/u;

/** What would end a text or an attribute, or be changed when it is read. Blanks are kept: a line end is no line end then. */
const SPECIAL = /[&<>"'\t\n\r\u007F-\u009F\u2028\u2029]/g;

/**
 * A value for a text or an attribute of an XML document, so that it is read as it is.
 *
 * @param what - What it is, for the error: `path`.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a value that XML has no way to write.
 */
export function xml(what: string, value: string): string {
  if (UNWRITABLE.test(value)) {
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: 'libvirt domain',
      message: `a ${what} that XML has no way to write: ${shown(value)}`,
      hint: 'use a name without control characters, or the native driver',
    });
  }
  return value.replaceAll(SPECIAL, (character) => `&#${character.codePointAt(0)};`);
}

const shown = (value: string): string => JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
