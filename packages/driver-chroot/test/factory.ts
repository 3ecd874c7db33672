/** What another process of the conformance suite imports. */
import { driver } from '@ns/driver-chroot';
import type { DriverFactory } from '@ns/execdriver';

export const create: DriverFactory = driver.create;
