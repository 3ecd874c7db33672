import { NsError } from '@ns/errors';
import type { DriverSettings } from '@ns/execdriver';

/** Where libvirt's daemons listen by default: the one for LXC alone, which not every release has, and the one for all. */
export const SYSTEM_SOCKETS = ['/run/libvirt/virtlxcd-sock', '/run/libvirt/libvirt-sock'] as const;

/** `sun_path` of unix(7), without the NUL. */
const LONGEST_SOCKET = 107;

/** How libvirt is reached. */
export type Reach =
  /** By the first of the system's sockets where somebody listens; by a libvirtd of our own when nobody does. */
  | { readonly kind: 'default' }
  /** By a libvirtd of our own. */
  | { readonly kind: 'own' }
  | { readonly kind: 'socket'; readonly path: string };

/**
 * What the driver's settings say: `socket`, the path of a libvirtd's socket, or `own`.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a setting that there is not, and for a path that is not absolute.
 */
export function reachOf(settings: DriverSettings): Reach {
  const unknown = Object.keys(settings).find((name) => name !== 'socket');
  if (unknown !== undefined) {
    throw invalid(`no setting ${JSON.stringify(unknown)}`, 'the only setting is socket');
  }
  const { socket } = settings;
  if (socket === undefined) return { kind: 'default' };
  if (socket === 'own') return { kind: 'own' };
  if (!socket.startsWith('/') || socket.includes('\0')) {
    throw invalid(
      `socket ${JSON.stringify(socket)} is not an absolute path`,
      `give the whole path: ${SYSTEM_SOCKETS[1]}; or own`,
    );
  }
  if (Buffer.byteLength(socket) > LONGEST_SOCKET) {
    throw invalid(`socket ${socket} has more than ${LONGEST_SOCKET} bytes`, 'use a shorter path');
  }
  return { kind: 'socket', path: socket };
}

const invalid = (message: string, hint: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation: 'driver libvirt-lxc', message, hint });
