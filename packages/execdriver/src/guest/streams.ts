import { receiveTerminal } from '@ns/namespaces';
import { call, leave, load, loop, O, scratch, slot, type Operand, type Slot, type Step } from '@ns/syscall';

import { DESCRIPTOR } from '../native/descriptors.js';
import { makeChannel } from '../native/monitor.js';
import { copyIn, copyOut } from './copy.js';
import { openPort, PORT, type Transport } from './transport.js';

/** The streams of the container's program, by where their steps are done. */
export interface GuestStreams {
  /** In the machine's first process, before the container is started. */
  readonly before: readonly Step[];
  /** First in the container's first process. */
  readonly inside: readonly Step[];
  /** In the machine's first process, when the container's first process exists. */
  readonly after: readonly Step[];
  /** There, when it has ended: return when the host has all output. */
  readonly end: readonly Step[];
  /** After that: return when the host has ended the input. Only for input in frames, which it always ends. */
  readonly settle: readonly Step[];
  /** With a terminal, the socket on which the container sends its master. */
  readonly channel?: Slot;
  /** With a terminal, after `after`. */
  readonly master?: Slot;
}

/** A pipe of a program. */
export interface Pipe {
  readonly read: Slot;
  readonly write: Slot;
  readonly step: readonly Step[];
}

/** Steps that make a pipe, close-on-exec. */
export function makePipe(name: string): Pipe {
  const ends = scratch(8, `pipe for ${name}`);
  const [read, write] = [slot(`${name}, read end`), slot(`${name}, write end`)];
  return {
    read,
    write,
    step: [
      call('pipe2', [ends, O.O_CLOEXEC], { what: `make a pipe for ${name}` }),
      load(read, ends, 0, 4),
      load(write, ends, 4, 4),
    ],
  };
}

const close = (fd: Operand): Step => call('close', [fd], { what: 'close what is another process’s' });

const give = (fd: Slot, owner: number): Step[] =>
  owner === 0
    ? []
    : [call('fchown', [fd, owner, 0xffff_ffff], { what: 'give the pipe to the user of the program' })];

const waitFor = (process: Slot, what: string): Step =>
  // It may have been collected already.
  call('wait4', [process, 0, 0, 0], { what: `wait until ${what} is handed over`, tolerate: ['ECHILD'] });

/** The session of the container's own streams. */
export const MAIN_SESSION = 0;

/** How the streams of a program are connected to the host. */
export interface Connection {
  readonly transport: Transport;
  readonly ports: { readonly stdin: number; readonly stdout: number; readonly stderr: number };
  /** The session of a stream that is in frames. */
  readonly input: number | undefined;
  readonly output: number | undefined;
  /** The user of the program, who can open its streams anew by their names in /dev. */
  readonly owner: number;
}

/** Those of the container. */
export const mainConnection = (transport: Transport, owner: number): Connection => ({
  owner,
  transport,
  ports: PORT,
  input: transport.isFramed ? MAIN_SESSION : undefined,
  output: undefined,
});

/** Three pipes: a port opens only once, and programs open /dev/stdout anew. */
export function pipes(connection: Connection): GuestStreams {
  const { transport, ports: numbers, output: session } = connection;
  const [input, output, errors] = [makePipe('input'), makePipe('output'), makePipe('errors')];
  const ports = [slot('stdin port'), slot('stdout port'), slot('stderr port')] as const;
  const copiers = [slot('input copier'), slot('output copier'), slot('errors copier')] as const;
  return {
    before: [
      ...openPort(transport, numbers.stdin, O.O_RDONLY, ports[0]),
      ...openPort(transport, numbers.stdout, O.O_WRONLY, ports[1]),
      ...openPort(transport, numbers.stderr, O.O_WRONLY, ports[2]),
      ...input.step,
      copyIn({
        session: connection.input,
        port: ports[0],
        to: input.write,
        close: [input.read],
        into: copiers[0],
      }),
      close(input.write),
      close(ports[0]),
      ...output.step,
      copyOut({
        transport,
        session,
        what: 'output',
        from: output.read,
        port: ports[1],
        close: [input.read, output.write],
        into: copiers[1],
      }),
      close(output.read),
      ...errors.step,
      copyOut({
        transport,
        session,
        what: 'errors',
        from: errors.read,
        port: ports[2],
        close: [input.read, output.write, errors.write],
        into: copiers[2],
      }),
      close(errors.read),
      ...[input.read, output.write, errors.write].flatMap((end) => give(end, connection.owner)),
    ],
    inside: [input.read, output.write, errors.write].map((end, number) =>
      call('dup3', [end, number, 0], { what: `make it descriptor ${number}` }),
    ),
    after: [close(input.read), close(output.write), close(errors.write)],
    end: [waitFor(copiers[1], 'output'), waitFor(copiers[2], 'errors')],
    settle: [waitFor(copiers[0], 'input')],
  };
}

/** A terminal in the container, whose master stays outside. */
export function terminal(connection: Connection): GuestStreams {
  const { transport, ports: numbers, output: session } = connection;
  const channel = makeChannel();
  const master = slot('master');
  const again = slot('master, for an engine');
  const ports = [slot('stdin port'), slot('stdout port')] as const;
  const copiers = [slot('input copier'), slot('output copier')] as const;
  return {
    channel: channel.child,
    master,
    before: [
      ...openPort(transport, numbers.stdin, O.O_RDONLY, ports[0]),
      ...openPort(transport, numbers.stdout, O.O_WRONLY, ports[1]),
      ...channel.steps,
    ],
    inside: [
      call('dup3', [channel.child, DESCRIPTOR.console, O.O_CLOEXEC], { what: 'have a way for the terminal' }),
    ],
    after: [
      close(channel.child),
      loop(
        // It is sent to the monitor and to the engine of a native container: here both are this process.
        ...receiveTerminal({ socket: channel.monitor, into: master, closed: [leave] }),
        ...receiveTerminal({ socket: channel.monitor, into: again, closed: [leave] }),
        close(again),
        copyIn({ session: connection.input, port: ports[0], to: master, close: [], into: copiers[0] }),
        copyOut({
          transport,
          session,
          what: 'the terminal',
          from: master,
          port: ports[1],
          close: [],
          into: copiers[1],
        }),
        leave,
      ),
    ],
    end: [waitFor(copiers[1], 'the terminal')],
    settle: [waitFor(copiers[0], 'input')],
  };
}
