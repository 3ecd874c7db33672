import * as v from 'valibot';

import {
  absolutePath,
  flag,
  i64,
  id,
  integer,
  list,
  object,
  oneOf,
  optional,
  someText,
  text,
  u64,
} from './values.js';

const user = object({
  uid: id,
  gid: id,
  umask: optional(integer(0, 0o777)),
  additionalGids: optional(list(id)),
});

const capabilities = object({
  bounding: optional(list(text)),
  effective: optional(list(text)),
  inheritable: optional(list(text)),
  permitted: optional(list(text)),
  ambient: optional(list(text)),
});

/** Policies that sched_setattr(2) takes; `SCHED_ISO` is reserved and not in the kernel. */
const scheduler = object({
  policy: oneOf([
    'SCHED_OTHER',
    'SCHED_FIFO',
    'SCHED_RR',
    'SCHED_BATCH',
    'SCHED_IDLE',
    'SCHED_DEADLINE',
    'SCHED_ISO',
  ]),
  nice: optional(integer(-20, 19)),
  priority: optional(integer(0, 99)),
  flags: optional(
    list(
      oneOf([
        'SCHED_FLAG_RESET_ON_FORK',
        'SCHED_FLAG_RECLAIM',
        'SCHED_FLAG_DL_OVERRUN',
        'SCHED_FLAG_KEEP_POLICY',
        'SCHED_FLAG_KEEP_PARAMS',
        'SCHED_FLAG_UTIL_CLAMP_MIN',
        'SCHED_FLAG_UTIL_CLAMP_MAX',
      ]),
    ),
  ),
  runtime: optional(u64),
  deadline: optional(u64),
  period: optional(u64),
});

/** `process` of a configuration: config.md, "Process". */
export const processSchema = object({
  terminal: optional(flag),
  consoleSize: optional(object({ height: integer(0, 0xffff), width: integer(0, 0xffff) })),
  user: optional(user),
  cwd: absolutePath,
  args: list(text),
  env: optional(list(text)),
  capabilities: optional(capabilities),
  rlimits: optional(list(object({ type: someText, soft: u64, hard: u64 }))),
  noNewPrivileges: optional(flag),
  apparmorProfile: optional(text),
  selinuxLabel: optional(text),
  oomScoreAdj: optional(integer(-1000, 1000)),
  scheduler: optional(scheduler),
  ioPriority: optional(
    object({
      class: oneOf(['IOPRIO_CLASS_RT', 'IOPRIO_CLASS_BE', 'IOPRIO_CLASS_IDLE']),
      priority: optional(integer(0, 7)),
    }),
  ),
  execCPUAffinity: optional(object({ initial: optional(text), final: optional(text) })),
});

/** A process as it stands in a configuration. */
export type OciProcess = v.InferOutput<typeof processSchema>;

const hook = object({
  path: absolutePath,
  args: optional(list(text)),
  env: optional(list(text)),
  timeout: optional(i64),
});

/** `hooks` of a configuration: config.md, "POSIX-platform Hooks". */
export const hooksSchema = object({
  prestart: optional(list(hook)),
  createRuntime: optional(list(hook)),
  createContainer: optional(list(hook)),
  startContainer: optional(list(hook)),
  poststart: optional(list(hook)),
  poststop: optional(list(hook)),
});

/** Hooks as they stand in a configuration. */
export type OciHooks = v.InferOutput<typeof hooksSchema>;
