/** The controllers of version 1: what is written for which limits. */
export { blkio } from './blkio.js';
export { cpu } from './cpu.js';
export { cpuset } from './cpuset.js';
export { devices } from './devices.js';
export { hugetlb } from './hugetlb.js';
export { memory } from './memory.js';
export { pids } from './pids.js';
