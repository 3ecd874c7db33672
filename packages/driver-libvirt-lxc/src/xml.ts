import { NsError } from '@ns/errors';

/**
 * What XML 1.0 has no way to write, not even as a reference: most control characters, halves of pairs, two others. Tabs and
 * line ends it has, but libvirt writes the document anew for its own processes, without references: they would read blanks.
 */
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const UNWRITABLE = /[\u0000-\u001F\uFFFE\uFFFF]|\p{Surrogate}/u;

/** What would end a text or an attribute, or could be taken for blanks. */
const SPECIAL = /[&<>"'\u007F-\u009F\u2028\u2029]/g;

/**
 * A value for a text or an attribute of the XML that libvirt reads, so that it is read as it is.
 *
 * @param what - What it is, for the error: `path`.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a value that libvirt would read as another.
 */
export function xml(what: string, value: string): string {
  if (UNWRITABLE.test(value)) {
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: 'libvirt domain',
      message: `a ${what} with a control character cannot be told to libvirt: ${shown(value)}`,
      hint: 'use another name, or the setting socket=own',
    });
  }
  return value.replaceAll(SPECIAL, (character) => `&#${character.codePointAt(0)};`);
}

const shown = (value: string): string => JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
