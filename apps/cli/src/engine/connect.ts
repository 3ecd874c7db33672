import { EngineClient } from '@ns/engine-api';
import { isErrno, NsError } from '@ns/errors';

import type { Cli } from '../cli.js';
import { engineHost } from './host.js';

/**
 * The engine, asked whether it is there. When nobody named one and none runs, ns-daemon is started.
 *
 * @throws {@link NsError} `ERR_NS_CONNECTION`
 */
export async function connect(cli: Cli, mayStart: boolean): Promise<EngineClient> {
  const { host, chosenBy } = engineHost(cli.host, cli.env);
  cli.trace(`engine at ${host}, ${chosenBy === undefined ? 'the default' : `named by ${chosenBy}`}`);
  const client = new EngineClient({ host });
  try {
    await client.ping();
  } catch (error) {
    const nobodyThere = NsError.is(error) && isErrno(error, 'ENOENT', 'ECONNREFUSED');
    if (!nobodyThere || chosenBy !== undefined || !mayStart) throw error;
    const { startDaemon } = await import('./start-daemon.js');
    await startDaemon(cli, client);
  }
  return client;
}
