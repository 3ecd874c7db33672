/** What the guest tells the host: eight bytes, of which the first four are one of these, or the address of a step that failed. */
export const EVENT = {
  /** The user's program runs. */
  running: 1,
  /** It has ended; its wait status. */
  ended: 2,
  /** From outside the guest: the process of the virtual machine; its pid on the host. */
  process: 3,
} as const;

/** Of {@link EVENT}. The addresses of programs are far above. */
export const LAST_EVENT = 0xffff;

/** What the host tells the guest: eight bytes, one of these and a number. */
export const CONTROL = {
  /** Send a signal to the container's first process. */
  signal: 1,
  /** The terminal has another size: rows, and columns shifted by 16 bits. */
  resize: 2,
  /** Run the program of a slot, see {@link EXEC_SLOTS}. */
  exec: 3,
} as const;

/** A command for a program that is executed is one for the container, with the number of its slot from 1 on in the second byte. */
export const ofSlot = (control: number, slot: number): number => control | ((slot + 1) << 8);

/** The size of an {@link EVENT} and of a {@link CONTROL}. */
export const RECORD_SIZE = 8;
