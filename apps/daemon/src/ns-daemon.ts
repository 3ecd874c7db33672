import { hintOf } from '@ns/errors';
import { explainContainer } from '@ns/execdriver';
import { CommanderError } from 'commander';

import packageJson from '../package.json' with { type: 'json' };
import { startDaemon } from './daemon.js';
import { configureDrivers } from './drivers/config.js';
import { compileDefaultFilter } from './engine/default-filter.js';
import { createCommand, parseFlags } from './flags.js';
import { createLogger } from './host/logger.js';
import { openImages } from './images/service.js';

const { version } = packageJson;
const USAGE_STATUS = 125;

async function main(argv: readonly string[]): Promise<void> {
  const config = parseFlags(createCommand(version).exitOverride(), argv);
  const logger = createLogger(config.logLevel, (line) => process.stderr.write(line));
  const daemon = await startDaemon(config, {
    version,
    logger,
    drivers: await configureDrivers(config.drivers),
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
  // Whoever started us in a terminal may close it.
  process.on('SIGHUP', () => logger.debug('SIGHUP: nothing to reload'));
}

function fail(error: unknown): never {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : USAGE_STATUS);
  const message = error instanceof Error ? error.message : String(error);
  const hint = hintOf(error);
  process.stderr.write(`ns-daemon: ${message}\n${hint === undefined ? '' : `${hint}\n`}`);
  process.exit(1);
}

main(process.argv.slice(2)).catch(fail);
