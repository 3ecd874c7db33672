/**
 * Execution driver `qemu`: each container is a virtual machine with a kernel of its own, Debian's.
 *
 * @packageDocumentation
 */
import type { DriverModule } from '@ns/execdriver';
import { commandDriver } from '@ns/execdriver/kit';

import { define } from './definition.js';
import { INFO } from './info.js';
import { probe } from './probe.js';

/**
 * The driver over QEMU. Settings: `path` of the emulator, `kernel` and `modules`, `memory` in MiB, `cpus`, and `accelerator`:
 * `auto`, `kvm` or `tcg`.
 */
export const driver: DriverModule = { info: INFO, probe, create: commandDriver(define) };
