import type { DriverSettings } from '@ns/execdriver';
import { prepareKernel } from '@ns/vm/kernel';

let settings: DriverSettings | undefined;

/** The settings for the kernel of `./dev vm`, which is fetched on first use and never installed. To ask apt for its name takes seconds. */
export function kernelSettings(): DriverSettings {
  if (settings !== undefined) return settings;
  const { image, modules } = prepareKernel();
  // One processor is enough, and leaves the machine's own to other tests.
  settings = { kernel: image, modules, cpus: '1' };
  return settings;
}
