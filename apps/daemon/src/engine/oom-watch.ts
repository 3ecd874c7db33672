import { openCgroup } from '@ns/cgroups';

import type { ManagedContainer } from './container.js';
import { publish } from './container-events.js';
import type { EngineContext } from './context.js';
import { cgroupPathOf } from './resources.js';

/**
 * Tell of each time that memory runs out in a container, when it happens. Ends with {@link endOomWatch}.
 *
 * @remarks
 * A container that cannot be watched, or ran out of memory before this, is told about at its end: see `finish.ts`.
 */
export function watchOom(context: EngineContext, container: ManagedContainer): void {
  endOomWatch(container);
  container.oomEvents = 0;
  if (container.execDriver?.info.abilities.resources !== true) return;
  const parent = container.record.hostConfig.CgroupParent || context.cgroupParent;
  const path = cgroupPathOf('HostConfig.CgroupParent', parent, container.id);
  try {
    container.oomWatcher = openCgroup(path).watch({
      oom: () => {
        container.oomEvents += 1;
        publish(context, container, 'oom');
      },
    });
  } catch (error) {
    // It has ended already, or there is no memory controller.
    context.logger.debug(
      `container ${container.id}: running out of memory is told at its end: ${String(error)}`,
    );
  }
}

/** Before its control group goes: version 1 tells of that too. */
export function endOomWatch(container: ManagedContainer): void {
  container.oomWatcher?.[Symbol.dispose]();
  container.oomWatcher = undefined;
}
