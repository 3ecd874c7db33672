export { cpuset } from '../v1/cpuset.js';
