import { createHash } from 'node:crypto';

/** libvirt makes a socket of the name, whose path may have 107 bytes; systemd takes 64. */
const READABLE = 32;

/**
 * The name under which libvirt knows a container: what its id has of letters and digits, for people, and a hash that makes it
 * the only one on the machine. Ids are unique in a state root only. It is no number and no UUID, which virsh would take for
 * another domain's.
 *
 * @param directory - The container's state directory.
 */
export function domainName(id: string, directory: string): string {
  const words = id.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const readable = words.join('-').slice(0, READABLE).replace(/-$/, '');
  const hash = createHash('sha256').update(directory).update('\0').update(id).digest('hex').slice(0, 16);
  return readable === '' ? `ns-${hash}` : `ns-${readable}-${hash}`;
}

/**
 * The cgroup in which libvirt makes that of the domain, so that what it leaves is found. libvirt takes a name with a dot as it
 * is.
 */
export const partitionOf = (name: string): string => `/${name}.libvirt`;
