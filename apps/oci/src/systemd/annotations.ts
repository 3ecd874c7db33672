import { Variant } from '@jellybrick/dbus-next';

import { invalid } from '../config/invalid.js';
import { parseVariant, type Property } from './variant.js';

const PREFIX = 'org.systemd.property.';

/**
 * Properties of the unit that annotations set: `org.systemd.property.TimeoutStopUSec: uint64 5000000`, as runc has it.
 *
 * @remarks
 * Properties that are documented in seconds are microseconds on the bus: `…Sec` becomes `…USec`.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function annotatedProperties(annotations: Readonly<Record<string, string>>): Property[] {
  return Object.entries(annotations).flatMap(([key, given]): Property[] => {
    if (!key.startsWith(PREFIX)) return [];
    const field = `annotations[${JSON.stringify(key)}]`;
    const name = key.slice(PREFIX.length);
    if (!/^[A-Za-z]{3,}$/.test(name)) throw invalid(field, 'no name of a systemd property');
    const value = parseVariant(given);
    if (value === undefined) {
      throw invalid(
        field,
        `${JSON.stringify(given)} is no value`,
        "for example uint64 5, true, 'text', or ['a', 'b']",
      );
    }
    return [inMicroseconds(name, value, field)];
  });
}

function inMicroseconds(name: string, value: Variant, field: string): Property {
  if (!/[a-z]Sec$/.test(name)) return [name, value];
  const seconds = value.value;
  const isNumber = typeof seconds === 'bigint' || (typeof seconds === 'number' && seconds >= 0);
  if (!isNumber || Number(seconds) < 0) throw invalid(field, 'a time is no number of seconds');
  const us = typeof seconds === 'bigint' ? seconds * 1_000_000n : BigInt(Math.floor(seconds * 1e6));
  return [name.replace(/Sec$/, 'USec'), new Variant('t', us)];
}
