import { hintOf } from '@ns/errors';
import { explainContainer } from '@ns/execdriver';
import { CommanderError } from 'commander';

import packageJson from '../package.json' with { type: 'json' };
import { type Daemon, startDaemon } from './daemon.js';
import { configureDrivers } from './drivers/config.js';
import { compileDefaultFilter } from './engine/default-filter.js';
import { type AdjustableLogger, createLogger } from './host/logger.js';
import { openImages } from './images/service.js';
import { daemonConfig, loadSettings } from './options/config.js';
import { type CommandLine, createCommand, parseFlags } from './options/flags.js';
import { type Settings, waitingFor } from './options/settings.js';

const { version } = packageJson;
const USAGE_STATUS = 125;

async function main(argv: readonly string[]): Promise<void> {
  const line = parseFlags(createCommand(version).exitOverride(), argv);
  const settings = loadSettings(line);
  const config = daemonConfig(settings);
  const drivers = await configureDrivers(config.drivers);
  if (line.isValidating) {
    process.stderr.write('configuration OK\n');
    return;
  }
  const logger = createLogger(config.logLevel, (text) => process.stderr.write(text));
  const daemon = await startDaemon(config, {
    version,
    logger,
    drivers,
    explainer: explainContainer,
    openImages: ({ images }) => openImages(images, logger),
  });
  logger.info(`ns-daemon ${version} is ready, process id ${process.pid}`);
  setImmediate(() => {
    try {
      compileDefaultFilter();
    } catch (error) {
      logger.debug(`seccomp: ${String(error)}`);
    }
  });
  let isClosing = false;
  const close = (signal: NodeJS.Signals): void => {
    // A second signal means that the user does not want to wait.
    if (isClosing) process.exit(1);
    isClosing = true;
    logger.info(`${signal}: closing; containers run on`);
    daemon.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => close(signal));
  // Also when whoever started us in a terminal closes it.
  process.on('SIGHUP', () => {
    // One after the other, and never the end of the daemon.
    reloading = reloading
      .then(() => reload(line, settings, { daemon, logger }))
      .catch((error: unknown) =>
        logger.error(`SIGHUP: ${error instanceof Error ? error.message : String(error)}`),
      );
  });
}

let reloading: Promise<void> = Promise.resolve();

/** Bring into effect what has changed in the configuration file, as far as a daemon that runs can. */
async function reload(
  line: CommandLine,
  before: Settings,
  { daemon, logger }: { readonly daemon: Daemon; readonly logger: AdjustableLogger },
): Promise<void> {
  const after = loadSettings(line);
  const config = daemonConfig(after);
  const kept = await daemon.reload(await configureDrivers(config.drivers));
  logger.level = config.logLevel;
  const waiting = [...waitingFor(before, after), ...kept.map((name) => `runtime ${name}`)];
  logger.info('SIGHUP: the configuration is reloaded');
  if (waiting.length > 0) logger.warn(`SIGHUP: changed with the next start only: ${waiting.join(', ')}`);
}

function fail(error: unknown): never {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : USAGE_STATUS);
  const message = error instanceof Error ? error.message : String(error);
  const hint = hintOf(error);
  process.stderr.write(`ns-daemon: ${message}\n${hint === undefined ? '' : `${hint}\n`}`);
  process.exit(1);
}

main(process.argv.slice(2)).catch(fail);
