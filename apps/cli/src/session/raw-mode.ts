import { spawn } from 'node:child_process';

import { lastActs } from '../streams.js';

/** A terminal that hands every key on as it is, and shows output as it comes. */
export class RawMode {
  readonly #terminal: NodeJS.ReadStream;
  readonly #restore = (): void => this.restore();
  #raw = true;

  private constructor(terminal: NodeJS.ReadStream) {
    this.#terminal = terminal;
    terminal.setRawMode(true);
    // Whatever ends this process, the user's shell must find its terminal as it was.
    process.once('exit', this.#restore);
    lastActs.add(this.#restore);
  }

  /** Switch it on. */
  static async enter(terminal: NodeJS.ReadStream): Promise<RawMode> {
    const mode = new RawMode(terminal);
    await outputAsItIs();
    return mode;
  }

  /** Switch it off. Idempotent. */
  restore(): void {
    if (!this.#raw) return;
    this.#raw = false;
    process.off('exit', this.#restore);
    lastActs.delete(this.#restore);
    this.#terminal.setRawMode(false);
  }
}

/**
 * Node's raw mode still turns a line feed into carriage return and line feed, which breaks programs that move the
 * cursor: the container's own terminal has done it already where it is wanted. A machine without stty stays with that.
 */
async function outputAsItIs(): Promise<void> {
  await new Promise<void>((resolve) => {
    const stty = spawn('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
    stty.once('error', () => resolve());
    stty.once('exit', () => resolve());
  });
}
