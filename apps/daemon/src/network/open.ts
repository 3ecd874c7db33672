import { formatNs, nowNs } from '../engine/clock.js';
import { defaultNetwork } from './default-network.js';
import { Networks, type NetworksParts } from './networks.js';
import { NetworkStore } from './store.js';
import { NetworkTable } from './table.js';

/** The networks of a daemon: nothing of the machine is touched. */
export function openNetworks(parts: Omit<NetworksParts, 'table'>): Networks {
  const { config, paths } = parts;
  const standard =
    config.bridge === 'none' ? undefined : defaultNetwork(config, paths.dataRoot, formatNs(nowNs()));
  return new Networks({ ...parts, table: new NetworkTable(new NetworkStore(paths.networks), standard) });
}
