import type { Ulimit } from '@ns/engine-api';

import type { Drivers } from '../drivers/drivers.js';
import type { Logger } from '../host/logger.js';
import type { Networks } from '../network/networks.js';
import type { EventBus } from './events.js';
import type { ImageSource } from './image-source.js';
import type { Machine } from './machine.js';
import type { Paths } from './paths.js';
import type { RecordStore } from './record-store.js';
import type { StartMarks } from './start-marks.js';
import type { ContainerTable } from './table.js';
import type { ContainerIds } from './user-remap.js';

/** What the verbs on containers work with. */
export interface EngineContext {
  readonly drivers: Drivers;
  readonly images: ImageSource;
  readonly machine: Machine;
  readonly networks: Networks;
  /** Limits of containers that set none. */
  readonly defaultUlimits: readonly Ulimit[];
  /** The ids of new containers; undefined: the host's. */
  readonly remap: ContainerIds | undefined;
  /** The control group that those of containers are in. */
  readonly cgroupParent: string;
  readonly paths: Paths;
  readonly records: RecordStore;
  readonly marks: StartMarks;
  readonly containers: ContainerTable;
  readonly events: EventBus;
  readonly logger: Logger;
  /** Commands run in containers, by id: `docker exec`. */
  readonly execs: Map<string, import('./exec-session.js').ExecSession>;
  /** This machine's name. */
  readonly hostname: () => string;
}
