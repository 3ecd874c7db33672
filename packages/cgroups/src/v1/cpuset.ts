import type { ControlWrite, Planner } from '../plan.js';

/** `cpuset.cpus` and `cpuset.mems`. See cpuset(7). What is not given a new cgroup copies from its parent. */
export const cpuset: Planner = ({ cpuset: given = {} }) => {
  const write = (file: string, value: string): ControlWrite => ({ controller: 'cpuset', file, value });
  return [
    ...(given.cpus === undefined ? [] : [write('cpuset.cpus', given.cpus)]),
    ...(given.mems === undefined ? [] : [write('cpuset.mems', given.mems)]),
  ];
};
