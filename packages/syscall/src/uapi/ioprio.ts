/**
 * Constants of `<linux/ioprio.h>`.
 */

/** Classes of I/O priority; the class is shifted left by `IOPRIO_CLASS_SHIFT`. See ioprio_set(2). */
export const IOPRIO_CLASS = {
  IOPRIO_CLASS_NONE: 0,
  IOPRIO_CLASS_RT: 1,
  IOPRIO_CLASS_BE: 2,
  IOPRIO_CLASS_IDLE: 3,
} as const;

/** Whose priority, and where the class is. */
export const IOPRIO = {
  IOPRIO_WHO_PROCESS: 1,
  IOPRIO_WHO_PGRP: 2,
  IOPRIO_WHO_USER: 3,
  IOPRIO_CLASS_SHIFT: 13,
} as const;
