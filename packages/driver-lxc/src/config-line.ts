import { NsError } from '@ns/errors';

/**
 * A line of a configuration file of LXC.
 *
 * LXC has no way to write every value: a line ends a value, blanks around it are not part of it, and neither are quotes
 * around the whole. What would come out as something else is refused.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function configLine(key: string, value: string): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(key)) {
    throw unwritable(`${shown(key)} as a key`);
  }
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  if (/[\u0000-\u001f\u007f\u0085\u2028\u2029]/.test(value)) {
    throw unwritable(`${key}: ${shown(value)}, with a control character`);
  }
  if (value !== value.trim()) throw unwritable(`${key}: ${shown(value)}, which begins or ends with a blank`);
  if (/^["']/.test(value)) throw unwritable(`${key}: ${shown(value)}, which begins with a quote`);
  return `${key} = ${value}\n`;
}

const shown = (value: string): string => JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);

const unwritable = (what: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'lxc configuration',
    message: `LXC’s configuration cannot say ${what}`,
    hint: 'use another name or path, or the native driver',
  });
