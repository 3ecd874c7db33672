import { type DriverModule, type DriverSettings, nativeModule } from '@ns/execdriver';
import { which } from './which.js';

/** A driver, by the name that containers ask for it. */
export interface Runtime {
  readonly name: string;
  /** Loads the driver's module, once it is needed: most daemons have containers of one driver. */
  readonly load: () => Promise<DriverModule>;
  readonly settings?: DriverSettings | undefined;
  /** What it runs, for who asks: a path or a package. */
  readonly path?: string | undefined;
}

/** The runtimes of OCI that are looked for, which are named like their programs. */
const OCI = ['runc', 'crun', 'runsc', 'youki'] as const;

const oci = async (): Promise<DriverModule> => (await import('@ns/driver-oci')).driver;

/** The drivers that come with the daemon. */
export function builtinRuntimes(): Runtime[] {
  return [
    { name: 'native', load: async () => nativeModule },
    { name: 'lxc', load: async () => (await import('@ns/driver-lxc')).driver },
    { name: 'chroot', load: async () => (await import('@ns/driver-chroot')).driver },
    { name: 'systemd-nspawn', load: async () => (await import('@ns/driver-nspawn')).driver },
    { name: 'libvirt-lxc', load: async () => (await import('@ns/driver-libvirt-lxc')).driver },
    { name: 'oci', load: oci },
    { name: 'qemu', load: async () => (await import('@ns/driver-qemu')).driver },
    { name: 'uml', load: async () => (await import('@ns/driver-uml')).driver },
    ...OCI.flatMap((name) => {
      const path = which(name);
      return path === undefined ? [] : [ociRuntime(name, path)];
    }),
  ];
}

/** A runtime of OCI by its path. */
export const ociRuntime = (name: string, path: string, settings: DriverSettings = {}): Runtime => ({
  name,
  load: oci,
  settings: { ...settings, path },
  path,
});
