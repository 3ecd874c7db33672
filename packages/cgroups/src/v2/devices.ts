import { deviceState } from '../devices.js';
import { assembleDeviceProgram } from '../ebpf.js';
import type { Resources } from '../resources.js';

/** The eBPF program that decides on devices. See cgroup-v2.rst, "Device controller". */
export const devices = ({ devices: rules = [] }: Resources): Uint8Array =>
  assembleDeviceProgram(deviceState(rules));
