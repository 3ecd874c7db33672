import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Paths in the scaffold: the directory in which systemd-nspawn starts the inner program, which then leaves it. */
export const SCAFFOLD = {
  /** The container's root. */
  root: '/ns/root',
  /** The source of a bind mount, by its number among the mounts. */
  source: (index: number): string => `/ns/mounts/${index}`,
} as const;

/** Make the scaffold of a container in a directory. systemd-nspawn makes the mount points in it. */
export function makeScaffold(directory: string): string {
  const scaffold = join(directory, 'scaffold');
  // Without it systemd-nspawn takes no directory for a root.
  mkdirSync(join(scaffold, 'usr'), { recursive: true });
  return scaffold;
}
