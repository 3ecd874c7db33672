/**
 * Execution driver `uml`: each container has a kernel of its own, User Mode Linux, which is a process.
 *
 * @packageDocumentation
 */
import type { DriverModule } from '@ns/execdriver';
import { commandDriver } from '@ns/execdriver/kit';

import { define } from './definition.js';
import { INFO } from './info.js';
import { probe } from './probe.js';

/** The driver over User Mode Linux. Settings: `path` of the kernel, and `memory` in MiB. */
export const driver: DriverModule = { info: INFO, probe, create: commandDriver(define) };
