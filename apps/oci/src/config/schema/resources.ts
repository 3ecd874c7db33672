import * as v from 'valibot';

import {
  flag,
  i64,
  integer,
  list,
  object,
  oneOf,
  optional,
  record,
  someText,
  text,
  u32,
  u64,
} from './values.js';

/** Device numbers; -1 means all. */
const number = integer(-1, 0xffff_ffff);

const throttle = list(object({ major: integer(0, 0xffff_ffff), minor: integer(0, 0xffff_ffff), rate: u64 }));
const weight = integer(0, 1000);

/** `linux.resources` of a configuration, and the file of `update`: config-linux.md, "Control groups". */
export const resourcesSchema = object({
  devices: optional(
    list(
      object({
        allow: flag,
        type: optional(oneOf(['a', 'b', 'c', 'u', ''])),
        major: optional(number),
        minor: optional(number),
        access: optional(text),
      }),
    ),
  ),
  memory: optional(
    object({
      limit: optional(i64),
      reservation: optional(i64),
      swap: optional(i64),
      kernel: optional(i64),
      kernelTCP: optional(i64),
      // Docker writes -1, as unsigned, for "not set".
      swappiness: optional(u64),
      disableOOMKiller: optional(flag),
      useHierarchy: optional(flag),
      checkBeforeUpdate: optional(flag),
    }),
  ),
  cpu: optional(
    object({
      shares: optional(u64),
      quota: optional(i64),
      burst: optional(u64),
      period: optional(u64),
      realtimeRuntime: optional(i64),
      realtimePeriod: optional(u64),
      cpus: optional(text),
      mems: optional(text),
      idle: optional(integer(0, 1)),
    }),
  ),
  pids: optional(object({ limit: optional(i64) })),
  blockIO: optional(
    object({
      weight: optional(weight),
      leafWeight: optional(weight),
      weightDevice: optional(
        list(
          object({
            major: integer(0, 0xffff_ffff),
            minor: integer(0, 0xffff_ffff),
            weight: optional(weight),
            leafWeight: optional(weight),
          }),
        ),
      ),
      throttleReadBpsDevice: optional(throttle),
      throttleWriteBpsDevice: optional(throttle),
      throttleReadIOPSDevice: optional(throttle),
      throttleWriteIOPSDevice: optional(throttle),
    }),
  ),
  hugepageLimits: optional(list(object({ pageSize: someText, limit: u64 }))),
  network: optional(
    object({
      classID: optional(u32),
      priorities: optional(list(object({ name: someText, priority: u32 }))),
    }),
  ),
  rdma: optional(record(object({ hcaHandles: optional(u32), hcaObjects: optional(u32) }))),
  unified: optional(record(text)),
});

/** Limits as they stand in a configuration. */
export type OciLimits = v.InferOutput<typeof resourcesSchema>;
