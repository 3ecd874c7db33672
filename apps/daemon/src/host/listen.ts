import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';

import { NsError } from '@ns/errors';

/** Where the daemon listens: a path, or sockets that systemd has opened. */
export type Address = { readonly kind: 'unix'; readonly path: string } | { readonly kind: 'systemd' };

const PROBE_MS = 2_000;
/** `sun_path` of unix(7), less its NUL. */
const LONGEST_PATH = 107;
/** The first descriptor that systemd hands over. See sd_listen_fds(3). */
const FIRST_LISTEN_FD = 3;

/**
 * Read an address as `-H` takes it: `unix:///run/ns/ns.sock`, or `fd://` with socket activation.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`; `ERR_NS_UNSUPPORTED` for TCP.
 */
export function parseAddress(text: string): Address {
  if (text.startsWith('fd://')) return { kind: 'systemd' };
  if (text.startsWith('tcp://')) {
    throw new NsError('ERR_NS_UNSUPPORTED', {
      operation: '--host',
      message: `${text}: TCP needs mutual TLS, which comes in a later version`,
      hint: 'Listen on a Unix socket (unix:///run/ns/ns.sock), and forward it with ssh -L.',
    });
  }
  const path = text.startsWith('unix://') ? text.slice('unix://'.length) : text;
  if (path.startsWith('/') && !path.endsWith('/') && !path.includes('\0')) {
    if (Buffer.byteLength(path) <= LONGEST_PATH) return { kind: 'unix', path };
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: '--host',
      message: `${path} is longer than the ${LONGEST_PATH} bytes that a socket's path may have`,
      path,
      hint: 'Give a shorter path; see unix(7).',
    });
  }
  throw new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: '--host',
    message: `'${text}' is not an address`,
    hint: 'Give unix:///absolute/path, or fd:// with systemd socket activation.',
  });
}

/** Who may use the socket. */
export interface SocketOwner {
  /** A group's name or number. */
  readonly group: string;
  /** The group was asked for: one that does not exist is an error. */
  readonly isExplicit: boolean;
}

/**
 * Listen on the address. A socket that nobody listens on any more is replaced.
 *
 * @returns What removes the socket's file.
 * @throws {@link NsError} `ERR_NS_CONFLICT` when somebody listens there, or the path is something else than a socket.
 */
export async function listen(server: Server, address: Address, owner: SocketOwner): Promise<() => void> {
  if (address.kind === 'systemd') {
    await opened(server, { fd: activatedFd() });
    return () => undefined;
  }
  const { path } = address;
  await clearStale(path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  const gid = groupId(owner);
  // Between bind and chmod nobody but root shall connect.
  const umask = process.umask(0o177);
  try {
    await opened(server, { path });
  } finally {
    process.umask(umask);
  }
  // Without root the socket is its maker's, and only its mode is ours to say.
  if (process.geteuid?.() === 0) chownSync(path, 0, gid);
  chmodSync(path, 0o660);
  return () => rmSync(path, { force: true });
}

function opened(server: Server, where: { readonly fd: number } | { readonly path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function activatedFd(): number {
  const { LISTEN_PID, LISTEN_FDS } = process.env;
  if (LISTEN_PID === String(process.pid) && Number(LISTEN_FDS) > 0) {
    // Not for our children.
    delete process.env['LISTEN_PID'];
    delete process.env['LISTEN_FDS'];
    return FIRST_LISTEN_FD;
  }
  throw new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: '--host',
    message: 'fd:// needs a socket from systemd, and none was handed over',
    hint: 'Start ns-daemon by its socket unit, or give -H unix:///run/ns/ns.sock.',
  });
}

async function clearStale(path: string): Promise<void> {
  if (!existsSync(path)) return;
  if (!lstatSync(path).isSocket()) {
    throw new NsError('ERR_NS_CONFLICT', {
      operation: 'listen',
      message: `${path} exists and is not a socket`,
      path,
      hint: 'Give another path with -H, or remove it.',
    });
  }
  if (await answers(path)) {
    throw new NsError('ERR_NS_CONFLICT', {
      operation: 'listen',
      message: `another program listens on ${path}`,
      path,
      hint: 'Another daemon runs there already: use it, or give this one another socket with -H.',
    });
  }
  rmSync(path, { force: true });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const done = (isThere: boolean) => (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(isThere);
    };
    // A daemon that does not accept is there all the same.
    const timer = setTimeout(done(true), PROBE_MS);
    socket.once('connect', done(true));
    socket.once('error', done(false));
  });
}

/** The number of the group; root's when the default group does not exist. */
function groupId(owner: SocketOwner): number {
  if (/^\d+$/.test(owner.group)) return Number(owner.group);
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${owner.group}:`));
  if (line !== undefined) return Number(line.split(':')[2]);
  if (!owner.isExplicit) return 0;
  throw new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: '--group',
    message: `there is no group ${owner.group}`,
    hint: `Make it (groupadd ${owner.group}), or give another one.`,
  });
}
