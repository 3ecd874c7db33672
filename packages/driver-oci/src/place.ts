import { join } from 'node:path';

import type { Place } from '@ns/execdriver/kit';

/** Files and directories of a container's state directory that are this driver's. */
export const FILES = {
  /** The bundle is the directory itself. */
  config: (place: Place): string => join(place.directory, 'config.json'),
  /** The runtime's own state root: nobody else's containers are in it. */
  runtimeRoot: (place: Place): string => join(place.directory, 'runtime'),
  /** The path of the container's cgroup. */
  cgroup: (place: Place): string => join(place.directory, 'cgroup'),
  /** Of one command, by the name of what is launched. */
  log: (place: Place, name: string): string => join(place.directory, `${name}.log`),
  pid: (place: Place, name: string): string => join(place.directory, `${name}.pid`),
  process: (place: Place, name: string): string => join(place.directory, `${name}.json`),
};
