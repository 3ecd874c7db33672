import { connect } from 'node:net';

import { findInstallation, INSTALL, type Installation } from './install.js';
import { OWN } from './own-libvirtd.js';
import { SYSTEM_SOCKETS, type Reach } from './settings.js';

/** A libvirtd that is there, or one that is started for a container. */
export type Connection = { readonly uri: string; readonly own?: Installation };

/** Why there is none. */
export interface NoConnection {
  readonly reason: string;
  readonly hint: string;
}

/** Find out how libvirt is reached at this moment. Makes nothing. */
export async function findConnection(reach: Reach): Promise<Connection | NoConnection> {
  if (reach.kind === 'socket') {
    if (await listens(reach.path)) return { uri: uriOf(reach.path) };
    return {
      reason: `nobody listens on ${reach.path}`,
      hint: `start libvirtd, or leave the setting socket out`,
    };
  }
  if (reach.kind === 'default') {
    for (const path of SYSTEM_SOCKETS) if (await listens(path)) return { uri: uriOf(path) };
  }
  const installation = findInstallation();
  if ('missing' in installation) {
    return { reason: `libvirt’s LXC driver is not installed: no ${installation.missing}`, hint: INSTALL };
  }
  return { uri: OWN.uri, own: installation };
}

/** What virsh takes for a socket: the path is part of a query. */
export const uriOf = (socket: string): string =>
  `lxc+unix:///system?socket=${encodeURIComponent(socket).replaceAll('%2F', '/')}`;

function listens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
