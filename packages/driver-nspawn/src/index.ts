/**
 * Execution driver `systemd-nspawn`: containers whose namespaces systemd-nspawn makes, with or without a systemd that runs.
 *
 * @packageDocumentation
 */
import type { DriverModule } from '@ns/execdriver';
import { commandDriver } from '@ns/execdriver/kit';

import { define } from './definition.js';
import { INFO } from './info.js';
import { probe } from './probe.js';

/** The driver over systemd-nspawn. Settings: `path`, where it is if not `/usr/bin/systemd-nspawn`. */
export const driver: DriverModule = { info: INFO, probe, create: commandDriver(define) };
