/** What another process of the conformance suite imports. */
import type { DriverFactory } from '@ns/execdriver';
import { driver } from 'ns-driver-unshare';

export const create: DriverFactory = driver.create;
