/** The controllers of version 2: what is written for which limits. */
export { cpu } from './cpu.js';
export { cpuset } from './cpuset.js';
export { devices } from './devices.js';
export { hugetlb } from './hugetlb.js';
export { io } from './io.js';
export { memory } from './memory.js';
export { pids } from './pids.js';
