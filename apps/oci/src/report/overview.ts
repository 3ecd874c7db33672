import { ociState, statusOf, type OciState, type StateRecord } from '../runtime/state.js';

/** A container as `state` and `list` tell of it: the members and their order are runc's. */
export interface Overview extends OciState {
  /** 0 once it is stopped. */
  readonly pid: number;
  readonly rootfs: string;
  /** RFC 3339. */
  readonly created: string;
  readonly owner: string;
}

/** What is told of a container. */
export function overviewOf(root: string, record: StateRecord): Overview {
  const { ociVersion, id, status, pid = 0, bundle, annotations } = ociState(record, statusOf(root, record));
  const { rootfs, created, owner } = record;
  return { ociVersion, id, pid, status, bundle, rootfs, created, ...(annotations && { annotations }), owner };
}
