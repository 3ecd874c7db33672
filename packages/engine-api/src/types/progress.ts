/** One line of a progress stream (load, import, pull): JSON objects, one after the other. */
export interface JSONMessage {
  /** What is said, when there is no `status`: `Loaded image: busybox:latest\n`. */
  stream?: string;
  status?: string;
  /** The layer or image the status is about. */
  id?: string;
  progressDetail?: JSONProgress;
  /** The bar as text, for clients that draw none. */
  progress?: string;
  error?: string;
  errorDetail?: { code?: number; message?: string };
  aux?: unknown;
}

/** How far something is. */
export interface JSONProgress {
  /** Bytes, or `units`. */
  current?: number;
  total?: number;
  /** Seconds since 1970. */
  start?: number;
  hidecounts?: boolean;
  units?: string;
}
