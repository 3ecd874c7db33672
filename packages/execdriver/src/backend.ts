import type { CgroupStats, CheckpointOptions, ContainerSpec, ProcessSpec, Resources } from './contract.js';
import type { Session } from './native/session.js';

/** What differs between the containers of one driver and another: all but the life cycle. */
export interface Backend {
  /** Run the container's program; rejects when it cannot, and nothing is left of the attempt. */
  start(spec: ContainerSpec): Promise<Session>;
  /** The container runs. @param spec - Undefined when it was adopted. */
  follow(session: Session, spec: ContainerSpec | undefined): void;
  exec(process: ProcessSpec, session: Session): Promise<Session>;
  /** @throws {@link NsError} `ERR_NS_NOT_RUNNING` */
  signal(signal: number, session: Session): void;
  processes(session: Session): Promise<number[]>;
  update(resources: Resources, session: Session): Promise<void>;
  pause(session: Session): Promise<void>;
  resume(session: Session): Promise<void>;
  /** Asked once, of a container that was adopted. */
  isPaused(session: Session): boolean;
  stats(session: Session): Promise<CgroupStats>;
  /** Absent where a driver has no checkpoints. */
  readonly checkpoint?: ((options: CheckpointOptions, session: Session) => Promise<void>) | undefined;
  /** As {@link Backend.start}, from a checkpoint. */
  readonly restore?: ((spec: ContainerSpec, directory: string) => Promise<Session>) | undefined;
  /** Kill its first process. Default: {@link Session.signal} with SIGKILL. @throws {@link NsError} `ERR_NS_NOT_RUNNING` */
  kill?(session: Session): Promise<void>;
  /** Kill what the end of the first process did not take along. */
  killRest(): Promise<void>;
  /** Remove what there is beside the state directory. Idempotent. */
  remove(): Promise<void>;
}
