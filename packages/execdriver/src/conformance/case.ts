import type { Bench } from './bench.js';
import type { MachineNeed } from './machine.js';
import type { Need } from './needs.js';

/** One thing that a driver promises. */
export interface Case {
  /** A sentence about the container: `gives the exit status`. */
  readonly name: string;
  /** The abilities it takes, beside the group's. A driver without one must refuse it. */
  readonly needs?: readonly Need[];
  /** What the machine must have, whatever the driver. */
  readonly machine?: readonly MachineNeed[];
  /** Throws when the promise is not kept. */
  readonly run: (bench: Bench) => Promise<void>;
}

/** Cases about one subject. */
export interface Group {
  readonly name: string;
  readonly needs?: readonly Need[];
  readonly cases: readonly Case[];
}
