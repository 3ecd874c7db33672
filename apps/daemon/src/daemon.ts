import { mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { routes } from './api/routes.js';
import type { ApiContext } from './api/context.js';
import type { DriversConfig } from './drivers/config.js';
import { Drivers } from './drivers/drivers.js';
import type { EngineContext } from './engine/context.js';
import { EventBus } from './engine/events.js';
import type { ImageService } from './engine/image-source.js';
import { type Machine, thisMachine } from './engine/machine.js';
import { Paths } from './engine/paths.js';
import { RecordStore } from './engine/record-store.js';
import { letGo, restore, watchOver } from './engine/restore.js';
import { StartMarks } from './engine/start-marks.js';
import { ContainerTable } from './engine/table.js';
import type { DaemonConfig } from './options/config.js';
import { listen, parseAddress } from './host/listen.js';
import type { AdjustableLogger } from './host/logger.js';
import { claimPidfile } from './host/pidfile.js';
import { createRouter } from './http/router.js';
import { createApiServer } from './http/server.js';
import { openNetworks } from './network/open.js';

/** What a daemon is made of, beside its configuration. */
export interface DaemonParts {
  readonly version: string;
  readonly logger: AdjustableLogger;
  /** The drivers of containers. The default one must be able to work here. */
  readonly drivers: DriversConfig;
  /** Opens the images, when it is certain that nobody else uses them. */
  readonly openImages: (paths: Paths) => Promise<ImageService>;
  /** Default: this one. */
  readonly machine?: Machine;
  readonly explainer?: ApiContext['explainer'];
}

/** A daemon that serves. */
export interface Daemon {
  /**
   * Take up other runtimes.
   *
   * @returns The names of those that stay as they are until the next start.
   * @throws {@link NsError} `ERR_NS_UNSUPPORTED` when the default one cannot work here. Nothing has changed then.
   */
  reload(drivers: DriversConfig): Promise<readonly string[]>;
  /** Stop to serve. Containers run on. */
  close(): Promise<void>;
}

/** What undoes what was done, last first. */
type Cleanup = (() => void | Promise<void>)[];

/**
 * Start the daemon: take up what an earlier one left, then serve.
 *
 * @throws {@link NsError} `ERR_NS_CONFLICT` when another daemon uses one of its directories or sockets. Nothing is left
 * of the attempt then.
 */
export async function startDaemon(config: DaemonConfig, parts: DaemonParts): Promise<Daemon> {
  const cleanup: Cleanup = [];
  const undo = async (): Promise<void> => {
    for (const step of cleanup.splice(0).toReversed()) await step();
  };
  try {
    const { engine, servers } = await assemble(config, parts, cleanup);
    return {
      reload: (drivers) => engine.drivers.reload(drivers),
      async close() {
        for (const server of servers) server.close();
        // What was begun is ended, and its state is on disk, before connections are cut.
        await Promise.all(
          engine.containers.all().map((container) => container.actor.run(() => letGo(container))),
        );
        for (const server of servers) server.closeAllConnections();
        await undo();
      },
    };
  } catch (error) {
    await undo();
    throw error;
  }
}

async function assemble(
  config: DaemonConfig,
  parts: DaemonParts,
  cleanup: Cleanup,
): Promise<{ engine: EngineContext; servers: readonly Server[] }> {
  const { logger } = parts;
  const addresses = config.hosts.map(parseAddress);
  claim(config, cleanup);
  const paths = new Paths(config.dataRoot, config.execRoot);
  const images = await parts.openImages(paths);
  cleanup.push(() => images.close());
  const engine = createEngine(paths, config, parts, images);
  cleanup.push(() => engine.networks[Symbol.dispose]());
  await engine.drivers.available(parts.drivers.defaultName);
  const startOthers = await restore(engine);
  cleanup.push(watchOver(engine));
  const about = { version: parts.version, isDebug: () => logger.level === 'debug' };
  const router = createRouter(routes({ engine, images, explainer: parts.explainer, about }));
  const servers: Server[] = [];
  for (const [index, address] of addresses.entries()) {
    const server = createApiServer({ router, logger, name: `ns/${parts.version} (linux)` });
    servers.push(server);
    cleanup.push(() => void server.close());
    cleanup.push(await listen(server, address, { group: config.group, isExplicit: config.isGroupExplicit }));
    logger.info(`listening on ${config.hosts[index]}`);
  }
  startOthers();
  cleanup.push(lookAtDrivers(engine));
  return { engine, servers };
}

/** Not before the daemon has done what it was started for. */
const LOOK_AT_DRIVERS_MS = 2_000;

/** Find out which drivers work here, so that `info` can say so at once. @returns What ends it. */
function lookAtDrivers({ drivers, logger }: EngineContext): () => void {
  const look = async (): Promise<void> => {
    for (const { runtime, available, reason = '' } of await drivers.describe()) {
      logger.debug(`driver ${runtime.name}: ${available ? 'available' : `not available: ${reason}`}`);
    }
  };
  const timer = setTimeout(() => {
    look().catch((error: unknown) => logger.error('drivers: cannot be looked at', error));
  }, LOOK_AT_DRIVERS_MS);
  timer.unref();
  return () => clearTimeout(timer);
}

/** The directories and pid files: nobody else shall use them. */
function claim(config: DaemonConfig, cleanup: Cleanup): void {
  for (const root of [config.dataRoot, config.execRoot]) mkdirSync(root, { recursive: true, mode: 0o711 });
  const guarded = new Map([
    [config.pidfile, `the pid file ${config.pidfile}`],
    [join(config.dataRoot, 'ns-daemon.pid'), `the data root ${config.dataRoot}`],
    [join(config.execRoot, 'ns-daemon.pid'), `the exec root ${config.execRoot}`],
  ]);
  for (const [path, what] of guarded) {
    const pidfile = claimPidfile(path, what);
    cleanup.push(() => pidfile[Symbol.dispose]());
  }
}

function createEngine(
  paths: Paths,
  config: DaemonConfig,
  parts: DaemonParts,
  images: ImageService,
): EngineContext {
  const { logger } = parts;
  const events = new EventBus();
  return {
    drivers: new Drivers(parts.drivers, paths),
    images,
    cgroupParent: config.cgroupParent,
    machine: parts.machine ?? thisMachine(),
    networks: openNetworks({ config: config.network, paths, events, logger }),
    defaultUlimits: config.defaultUlimits,
    remap: config.remap,
    paths,
    records: new RecordStore(paths, logger),
    marks: new StartMarks(paths.starting),
    containers: new ContainerTable(),
    events,
    logger,
    execs: new Map(),
    hostname,
  };
}
