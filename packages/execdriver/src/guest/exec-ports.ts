/** How many programs can be executed in a guest at once: each takes four of the ports of a virtio-serial device, which has 31. */
export const EXEC_SLOTS = 6;

/** The streams of a program that is executed, in the order of their ports. `input` and `output` are in frames. */
export const EXEC_STREAMS = ['input', 'output', 'errors', 'events'] as const;

export type ExecStream = (typeof EXEC_STREAMS)[number];

const FIRST_PORT = 6;
const FIRST_FD = 32;

const number = (first: number, slot: number, stream: ExecStream): number =>
  first + slot * EXEC_STREAMS.length + EXEC_STREAMS.indexOf(stream);

/** The port of a stream. */
export const execPort = (slot: number, stream: ExecStream): number => number(FIRST_PORT, slot, stream);

/** The descriptor of a stream's fifo, as the process of the virtual machine has it. */
export const execFd = (slot: number, stream: ExecStream): number => number(FIRST_FD, slot, stream);

/** The directory of the fifos, below the state directory. */
export const EXEC_DIRECTORY = 'exec';

/** A fifo there. */
export const execFifo = (slot: number, stream: ExecStream): string => `${EXEC_DIRECTORY}/${slot}-${stream}`;

/** The directory of the programs that the guest is to run, below the state directory and below the shared one. */
export const PROGRAMS = 'programs';

/** The program of a slot. */
export const execProgramFile = (slot: number): string => `${PROGRAMS}/${slot}`;

/** Every stream of every slot. */
export const execStreams = (): { readonly slot: number; readonly stream: ExecStream }[] =>
  Array.from({ length: EXEC_SLOTS }, (_, slot) => EXEC_STREAMS.map((stream) => ({ slot, stream }))).flat();
