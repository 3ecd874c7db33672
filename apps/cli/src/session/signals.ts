import { constants } from 'node:os';

/**
 * Signals that are not handed on: they are about this process, cannot be caught, or come of a fault of its own.
 */
const OWN = new Set('SIGCHLD SIGPIPE SIGURG SIGKILL SIGSTOP SIGPROF SIGSEGV SIGBUS SIGFPE SIGILL'.split(' '));

/** Signals by which a user wants out; after the third this process ends, whatever the container does. */
const LAST_RESORT = new Set<string>(['SIGINT', 'SIGTERM']);
const PATIENCE = 3;

/** Signal names that a process can hand on, without aliases. */
export const FORWARDED: readonly NodeJS.Signals[] = [
  ...new Map(Object.entries(constants.signals).map(([name, number]) => [number, name])).values(),
].filter((name): name is NodeJS.Signals => !OWN.has(name));

/** What to do with signals. */
export interface ForwardOptions {
  /** Hand one on. Its failure is of no interest: the container may have ended at the same moment. */
  readonly send: (signal: NodeJS.Signals) => Promise<void>;
  /** The user has asked for the third time. */
  readonly giveUp: () => void;
}

/** Hand signals on until the returned function is called. */
export function forwardSignals({ send, giveUp }: ForwardOptions): () => void {
  let asked = 0;
  const handle = (signal: NodeJS.Signals): void => {
    if (LAST_RESORT.has(signal)) asked += 1;
    if (asked >= PATIENCE) giveUp();
    else void send(signal).catch(() => undefined);
  };
  for (const signal of FORWARDED) process.on(signal, handle);
  return () => {
    for (const signal of FORWARDED) process.off(signal, handle);
  };
}
