import { blkioWeightToIoWeight } from '../convert.js';
import { v2Limit } from '../limit-text.js';
import type { ControlWrite, Planner } from '../plan.js';
import type { BlockDevice, DeviceRate } from '../resources.js';

/** `io.max` and `io.weight`. See cgroup-v2.rst, "IO Interface Files". */
export const io: Planner = ({ io: given = {} }) => {
  const write = (file: string, value: string): ControlWrite => ({ controller: 'io', file, value });
  const at = ({ major, minor }: BlockDevice): string => `${major}:${minor}`;
  // BFQ's file takes Docker's range as it is; io.weight belongs to the iocost controller and has another.
  const weighted = (weight: number, device?: BlockDevice): ControlWrite => {
    const prefix = device === undefined ? 'default' : at(device);
    return {
      ...write('io.bfq.weight', `${prefix} ${weight}`),
      otherwise: [write('io.weight', `${prefix} ${blkioWeightToIoWeight(weight)}`)],
    };
  };
  const rates = (key: string, list: readonly DeviceRate[] = []): ControlWrite[] =>
    list.map((one) => write('io.max', `${at(one)} ${key}=${v2Limit(one.rate)}`));
  return [
    ...(given.weight === undefined ? [] : [weighted(given.weight)]),
    ...(given.deviceWeights ?? []).map((one) => weighted(one.weight, one)),
    ...rates('rbps', given.readBps),
    ...rates('wbps', given.writeBps),
    ...rates('riops', given.readIops),
    ...rates('wiops', given.writeIops),
  ];
};
