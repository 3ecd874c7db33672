import type { ControlWrite, Planner } from '../plan.js';
import type { DeviceRate } from '../resources.js';

/** `blkio.throttle.*`, and the weights of the scheduler in use. See blkio-controller.rst. */
export const blkio: Planner = ({ io = {} }) => {
  const write = (file: string, value: string): ControlWrite => ({ controller: 'blkio', file, value });
  // BFQ's files replaced those of CFQ with Linux 5.0; some distributions have kept the old name.
  const weighted = (file: string, value: string): ControlWrite => ({
    ...write(`blkio.bfq.${file}`, value),
    otherwise: [write(`blkio.${file}`, value)],
  });
  const rates = (file: string, list: readonly DeviceRate[] = []): ControlWrite[] =>
    list.map(({ major, minor, rate }) =>
      // Zero lifts a limit.
      write(`blkio.throttle.${file}`, `${major}:${minor} ${rate === 'unlimited' ? 0 : rate}`),
    );
  return [
    ...(io.weight === undefined ? [] : [weighted('weight', String(io.weight))]),
    ...(io.deviceWeights ?? []).map(({ major, minor, weight }) =>
      weighted('weight_device', `${major}:${minor} ${weight}`),
    ),
    ...rates('read_bps_device', io.readBps),
    ...rates('write_bps_device', io.writeBps),
    ...rates('read_iops_device', io.readIops),
    ...rates('write_iops_device', io.writeIops),
  ];
};
