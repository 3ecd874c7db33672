/** What the guest tells the host: eight bytes, of which the first four are one of these, or the address of a step that failed. */
export const EVENT = {
  /** The user's program runs. */
  running: 1,
  /** It has ended; its wait status. */
  ended: 2,
  /** From outside the guest: the process of the virtual machine; its pid on the host. */
  process: 3,
} as const;

/** What the host tells the guest: eight bytes, one of these and a number. */
export const CONTROL = {
  /** Send a signal to the container's first process. */
  signal: 1,
  /** The terminal has another size: rows, and columns shifted by 16 bits. */
  resize: 2,
} as const;

/** The size of an {@link EVENT} and of a {@link CONTROL}. */
export const RECORD_SIZE = 8;
