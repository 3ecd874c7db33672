export { pids } from '../v1/pids.js';
