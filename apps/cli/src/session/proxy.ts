import type { EngineClient } from '@ns/engine-api';

import type { Cli } from '../cli.js';
import { forwardSignals } from './signals.js';

/** Hand this process's signals on to a container until the returned function is called. */
export function proxySignals(cli: Cli, engine: EngineClient, id: string): () => void {
  return forwardSignals({
    send: (signal) => engine.containerKill(id, signal),
    giveUp: () => {
      cli.warn('\ngot 3 SIGTERM/SIGINTs, forcefully exiting');
      process.exit(1);
    },
  });
}
