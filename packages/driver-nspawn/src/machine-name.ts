import { createHash } from 'node:crypto';

/** systemd takes 64; the rest is the hash. */
const READABLE = 40;

/**
 * The name under which systemd-nspawn knows a container: what its id has of letters and digits, for people, and a hash that
 * makes it the only one on the machine. Ids are unique in a state root only, and can hold what a host name cannot.
 *
 * @param directory - The container's state directory.
 */
export function machineName(id: string, directory: string): string {
  const words = id.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const readable = words.join('-').slice(0, READABLE).replace(/-$/, '');
  const hash = createHash('sha256').update(directory).update('\0').update(id).digest('hex').slice(0, 16);
  return readable === '' ? `ns-${hash}` : `${readable}-${hash}`;
}
