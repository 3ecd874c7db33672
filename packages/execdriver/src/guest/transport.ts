import {
  AT,
  call,
  compute,
  cstr,
  fail,
  leave,
  load,
  loop,
  MS,
  O,
  POLL,
  scratch,
  set,
  slot,
  store,
  struct,
  TERMIOS_CC,
  TERMIOS_CFLAG,
  TIO,
  when,
  type Operand,
  type Slot,
  type Step,
} from '@ns/syscall';

import { EXEC_SLOTS } from './exec-ports.js';

/**
 * The byte streams between a virtual machine and the host, by number: the port of a virtio-serial device, or the serial
 * line of User Mode Linux.
 */
export const PORT = {
  stdin: 1,
  stdout: 2,
  stderr: 3,
  /** {@link CONTROL} records, from the host. */
  control: 4,
  /** {@link EVENT} records, and failure records of the guest's programs, to the host. */
  events: 5,
} as const;

/** How a guest gets at what the host offers. */
export interface Transport {
  /** Mount the directory that the host shares on an existing directory. */
  readonly share: (at: string) => readonly Step[];
  /** The device of a port. */
  readonly device: (port: number) => string;
  /** Done with a port once it is open. */
  readonly ready: (port: Slot) => readonly Step[];
  /** Done with a port that is written to, at the end: return when the host has taken everything. */
  readonly drain: (port: Operand) => readonly Step[];
  /**
   * The input of the container comes in frames. Otherwise the port itself has an end.
   */
  readonly isFramed: boolean;
  /** How many of {@link EXEC_SLOTS} can be used at once. */
  readonly execSlots: number;
}

const MILLISECOND = struct([
  ['tv_sec', 8, 0],
  ['tv_nsec', 8, 1_000_000],
]);

/** A pause of a millisecond, between two looks. */
export const pause = (): Step => call('nanosleep', [MILLISECOND, 0], { what: 'wait', tolerate: 'any' });

/** How many looks a device gets to appear: emulated machines are slow. */
const LOOKS = 20_000;

/** Open the device of a port, which may appear a little later than its driver. */
export function openPort(transport: Transport, port: number, flags: number, into: Slot): Step[] {
  const looks = slot('looks');
  const path = transport.device(port);
  const what = `open ${path}`;
  return [
    set(looks, 0),
    loop(
      call('openat', [AT.AT_FDCWD, cstr(path), flags | O.O_NOCTTY | O.O_CLOEXEC, 0], {
        what,
        object: path,
        into,
        tolerate: ['ENOENT', 'ENODEV', 'ENXIO'],
      }),
      when([into, '>=', 0], [leave]),
      compute(looks, looks, '+', 1),
      when([looks, '>', LOOKS], [fail('ENODEV', { what, object: path })]),
      pause(),
    ),
    ...transport.ready(into),
  ];
}

/** poll(2) of one descriptor; `events` gets what there is. */
function pollOne(fd: Operand, wanted: number, timeout: 'forever' | 'now', events: Slot): Step[] {
  const entry = scratch(8, 'pollfd');
  const now = struct([
    ['tv_sec', 8, 0],
    ['tv_nsec', 8, 0],
  ]);
  return [
    store(fd, entry, 0, 4),
    store(wanted, entry, 4, 2),
    store(0, entry, 6, 2),
    call('ppoll', [entry, 1, timeout === 'now' ? now : 0, 0, 0], {
      what: 'look at a port',
      tolerate: ['EINTR'],
    }),
    load(events, entry, 6, 2),
  ];
}

/** virtio: the shared directory by 9p, the ports of a virtio-serial device. */
export const VIRTIO: Transport = {
  share: (place) => [
    call(
      'mount',
      [
        cstr('host'),
        cstr(place),
        cstr('9p'),
        MS.MS_NODEV,
        // What other programs of the host change is seen: only mapped files are cached.
        cstr('trans=virtio,version=9p2000.L,msize=512000,access=client,cache=mmap'),
      ],
      { what: `mount the shared directory on ${place}`, object: place },
    ),
  ],
  device: (port) => `/dev/vport0p${port}`,
  ready: () => [],
  // A port can be written to when the host has taken what was written before.
  drain: (port) => {
    const events = slot('events');
    return [
      loop(
        ...pollOne(port, POLL.POLLOUT, 'forever', events),
        compute(events, events, '&', POLL.POLLOUT),
        when([events, '!=', 0], [leave]),
        pause(),
      ),
    ];
  },
  isFramed: false,
  execSlots: EXEC_SLOTS,
};

/** The same, with the shared directory by virtiofs: fifos and sockets can be made there, whatever QEMU does. */
export const VIRTIO_FS: Transport = {
  ...VIRTIO,
  share: (place) => [
    call('mount', [cstr('host'), cstr(place), cstr('virtiofs'), MS.MS_NODEV, 0], {
      what: `mount the shared directory on ${place}`,
      object: place,
    }),
  ],
};

/**
 * Wait until the host's end of a port is known. The kernel hears of the ports in their order, so those with lower numbers
 * are known then, too: a read of one that is not known is at its end.
 */
export function awaitHost(port: Operand): Step[] {
  const events = slot('events');
  return [
    loop(
      ...pollOne(port, 0, 'now', events),
      compute(events, events, '&', POLL.POLLHUP),
      when([events, '==', 0], [leave]),
      pause(),
    ),
  ];
}

/** The kernel's `struct termios`: a line that passes every byte. */
export function rawTermios(): ReturnType<typeof struct> {
  const { B38400, CS8, CREAD, CLOCAL } = TERMIOS_CFLAG;
  const characters = Array.from({ length: 19 }, (_, index) => (index === TERMIOS_CC.VMIN ? 1 : 0));
  return struct([
    ['c_iflag', 4, 0],
    ['c_oflag', 4, 0],
    ['c_cflag', 4, B38400 | CS8 | CREAD | CLOCAL, 'B38400|CS8|CREAD|CLOCAL'],
    ['c_lflag', 4, 0],
    ['c_line', 1, 0],
    ...characters.map((value, index) => [`c_cc[${index}]`, 1, value] as const),
  ]);
}

/** User Mode Linux: the shared directory by hostfs, its serial lines. */
export const UML_LINES: Transport = {
  share: (place) => [
    call('mount', [cstr('host'), cstr(place), cstr('hostfs'), MS.MS_NODEV, cstr('/export')], {
      what: `mount the shared directory on ${place}`,
      object: place,
    }),
  ],
  device: (port) => `/dev/ttyS${port}`,
  ready: (port) => [
    call('ioctl', [port, TIO.TCSETS, rawTermios()], { what: 'let the line pass every byte' }),
  ],
  drain: (port) => [
    call('ioctl', [port, TIO.TCSBRK, 1], { what: 'wait until the host has taken everything' }),
  ],
  isFramed: true,
  // Each line takes an interrupt, and the kernel has few: ENOSPC.
  execSlots: 3,
};
