import { EngineClient } from '@ns/engine-api';

import type { Cli } from '../cli.js';
import { engineHost } from './host.js';

/**
 * The engine. Nothing is asked of it yet: when nobody named one, and the first request finds none, ns-daemon is started.
 */
export function connect(cli: Cli, mayStart: boolean): EngineClient {
  const { host, chosenBy } = engineHost(cli.host, cli.env);
  cli.trace(`engine at ${host}, ${chosenBy === undefined ? 'the default' : `named by ${chosenBy}`}`);
  const start = async (): Promise<void> => {
    const { startDaemon } = await import('./start-daemon.js');
    await startDaemon(cli, new EngineClient({ host }));
  };
  const isOurs = chosenBy === undefined && mayStart;
  return new EngineClient({ host, optimistic: true, ...(isOurs ? { onAbsent: start } : {}) });
}
