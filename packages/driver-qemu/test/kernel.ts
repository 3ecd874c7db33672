import type { DriverSettings } from '@ns/execdriver';
import { prepareKernel } from '@ns/vm/kernel';

/** The settings for the kernel of `./dev vm`, which is fetched on first use and never installed. */
export function kernelSettings(): DriverSettings {
  const { image, modules } = prepareKernel();
  // One processor is enough, and leaves the machine's own to other tests.
  return { kernel: image, modules, cpus: '1' };
}
