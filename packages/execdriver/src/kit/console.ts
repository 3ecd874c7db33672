import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { receiveFd, sendFd } from '@ns/namespaces';
import {
  AF,
  call,
  F,
  group,
  leave,
  loop,
  O,
  openat2,
  OwnedFd,
  slot,
  SOCK,
  syscall,
  when,
  type Step,
} from '@ns/syscall';

import { DESCRIPTOR, LAST_DESCRIPTOR } from '../native/descriptors.js';
import type { Launching, Place } from './command.js';

/** A directory as the command has it: the name of a socket has room for 107 bytes, and state roots can be long. */
const DIRECTORY = 31;

/** Where the monitor listens; above what a command can ask for, and the status. */
export const CONSOLE_LISTENER: number = LAST_DESCRIPTOR + 2;

/** A Unix socket to which a command sends the master of the terminal that it has made. */
export interface ConsoleSocket {
  readonly directory: string;
  readonly name: string;
  /** What the command is told, and it alone: `/proc/self/fd/31/start.console`. */
  readonly path: string;
}

/** The socket for the terminal of what is launched: {@link HostCommand.console}. */
export function consoleSocket({ directory, name }: Place & Launching): ConsoleSocket {
  const file = `${name}.console`;
  return { directory, name: file, path: `/proc/self/fd/${DIRECTORY}/${file}` };
}

/** A listening socket, and the directory that it is in, for {@link commandProgram}. */
export interface ConsoleListener extends Disposable {
  readonly fds: Readonly<Record<number, number>>;
}

/** Listen before the command runs. Disposing removes the socket; what is connected stays so. */
export function listenForConsole({ directory, name }: ConsoleSocket): ConsoleListener {
  const place = openat2(directory, { flags: O.O_PATH | O.O_DIRECTORY });
  const type = SOCK.SOCK_STREAM | SOCK.SOCK_CLOEXEC | SOCK.SOCK_NONBLOCK;
  const listener = new OwnedFd(syscall('make a socket for a terminal', 'socket', AF.AF_UNIX, type, 0));
  const dispose = (): void => {
    listener.close();
    place.close();
    rmSync(join(directory, name), { force: true });
  };
  try {
    const address = addressOf(`/proc/self/fd/${place.fd}/${name}`);
    syscall(
      { what: `bind a socket to ${name}`, path: directory },
      'bind',
      listener.fd,
      address,
      address.length,
    );
    syscall('listen for a terminal', 'listen', listener.fd, 1);
    return { fds: { [DIRECTORY]: place.fd, [CONSOLE_LISTENER]: listener.fd }, [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** `struct sockaddr_un`. See unix(7). */
function addressOf(path: string): Buffer {
  const address = Buffer.alloc(2 + Buffer.byteLength(path) + 1);
  address.writeUInt16LE(AF.AF_UNIX, 0);
  address.write(path, 2);
  return address;
}

/** In the command: let it have the directory. After everything was marked close-on-exec. */
export const keepConsoleDirectory = (): Step =>
  call('fcntl', [DIRECTORY, F.F_SETFD, 0], {
    what: 'let it find the socket for its terminal',
  });

/**
 * In the monitor, when the command has left: take the terminal's master, keep it, and send it to the creator. A command
 * that has sent none is found out there.
 */
export function takeConsole(): Step[] {
  const connection = slot('connection');
  const master = slot('master');
  const what = 'receive the terminal that the command has made';
  return [
    group(
      'terminal',
      call('accept4', [CONSOLE_LISTENER, 0, 0, SOCK.SOCK_CLOEXEC], {
        what: 'find the command’s connection',
        into: connection,
        tolerate: 'any',
      }),
      when(
        [connection, '>=', 0],
        [
          loop(
            ...receiveFd({ socket: connection, into: master, what, closed: [leave] }),
            ...sendFd({ socket: DESCRIPTOR.console, fd: master, what: 'send the terminal to the creator' }),
            call('dup3', [master, DESCRIPTOR.master, 0], { what: 'keep the terminal’s master' }),
            call('close', [master], { what: 'close the other one' }),
            leave,
          ),
          call('close', [connection], { what: 'close the connection' }),
        ],
      ),
      [CONSOLE_LISTENER, DESCRIPTOR.console].map((fd) =>
        call('close', [fd], { what: 'close what the terminal came by' }),
      ),
    ),
  ];
}
