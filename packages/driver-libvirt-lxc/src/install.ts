import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The Debian packages. */
export const INSTALL = 'apt-get install libvirt-daemon libvirt-daemon-driver-lxc libvirt-clients';

/** Where the client is. */
export const VIRSH = '/usr/bin/virsh';

/** What a libvirtd of our own takes. */
export interface Installation {
  readonly libvirtd: string;
  /** The driver, which libvirtd loads by its name from a directory that has nothing else. */
  readonly driver: string;
}

const DRIVER = 'libvirt/connection-driver/libvirt_driver_lxc.so';

/** Where it is, or the path that is missing. */
export function findInstallation(): Installation | { readonly missing: string } {
  const libvirtd = '/usr/sbin/libvirtd';
  const emulator = ['/usr/lib/libvirt/libvirt_lxc', '/usr/libexec/libvirt_lxc'];
  if (!existsSync(libvirtd)) return { missing: libvirtd };
  if (!emulator.some((path) => existsSync(path))) return { missing: emulator[0]! };
  const driver = libraries()
    .map((path) => join(path, DRIVER))
    .find((path) => existsSync(path));
  return driver === undefined ? { missing: `/usr/lib/*/${DRIVER}` } : { libvirtd, driver };
}

/** Debian's is below the directory of an architecture. */
function libraries(): string[] {
  const found = ['/usr/lib', '/usr/lib64'].filter((path) => existsSync(path));
  return [...found, ...found.flatMap((path) => readdirSync(path).map((name) => join(path, name)))];
}
