/**
 * Execution driver `libvirt-lxc`: containers that libvirt's LXC driver makes, by the system's libvirtd or one of their own.
 *
 * @packageDocumentation
 */
import type { DriverModule } from '@ns/execdriver';
import { commandDriver } from '@ns/execdriver/kit';

import { define } from './definition.js';
import { INFO } from './info.js';
import { probe } from './probe.js';

/** The driver over libvirt. Settings: `socket`, the path of a libvirtd's socket, or `own`. */
export const driver: DriverModule = { info: INFO, probe, create: commandDriver(define) };
