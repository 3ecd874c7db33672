import type { JSONMessage } from '@ns/engine-api';

import type { Cli } from '../cli.js';
import { Failure } from '../failure.js';
import { humanSize } from './units.js';
import { visible } from './width.js';

const BAR_WIDTH = 30;

/**
 * Show a progress stream to its end.
 *
 * @remarks
 * What is said (`stream`) goes to stdout unless it is quiet. Steps of layers go to stderr: on a terminal each layer has a
 * line that is rewritten; elsewhere a line is written when a layer's status changes.
 *
 * @throws {@link Failure} with the error that the engine reports in the stream.
 */
export async function showProgress(
  cli: Cli,
  messages: AsyncIterable<JSONMessage>,
  quiet: boolean,
): Promise<void> {
  const lines = new ProgressLines(cli);
  for await (const message of messages) {
    const error = message.errorDetail?.message ?? message.error;
    if (error !== undefined) throw new Failure(1, error);
    if (message.stream !== undefined) {
      if (!quiet) cli.stdout.write(message.stream);
    } else if (message.id !== undefined) {
      if (!quiet) lines.show(message.id, message);
    } else if (message.status !== undefined) {
      cli.print(message.status);
    }
  }
}

class ProgressLines {
  readonly #cli: Cli;
  readonly #order: string[] = [];
  readonly #last = new Map<string, string>();

  constructor(cli: Cli) {
    this.#cli = cli;
  }

  show(id: string, message: JSONMessage): void {
    const { stderr } = this.#cli;
    if (!stderr.isTTY) {
      const status = message.status ?? '';
      if (this.#last.get(id) !== status) stderr.write(`${visible(id)}: ${visible(status)}\n`);
      this.#last.set(id, status);
      return;
    }
    let row = this.#order.indexOf(id);
    if (row === -1) {
      row = this.#order.push(id) - 1;
      stderr.write('\n');
    }
    const up = this.#order.length - row;
    stderr.write(`\u001B[${up}A\r\u001B[2K${line(id, message, stderr.columns)}\u001B[${up}B\r`);
  }
}

/** `0123456789ab: Loading layer [=====>    ]  2.1MB/4.3MB` */
function line(id: string, { status = '', progressDetail }: JSONMessage, columns = 80): string {
  const { current = 0, total = 0 } = progressDetail ?? {};
  const label = `${visible(id)}: ${visible(status)}`;
  if (current === 0) return label.slice(0, columns - 1);
  if (total === 0) return `${label} ${humanSize(current)}`.slice(0, columns - 1);
  const done = Math.min(BAR_WIDTH, Math.floor((current / total) * BAR_WIDTH));
  const bar = done === BAR_WIDTH ? '='.repeat(done) : `${'='.repeat(done)}>`.padEnd(BAR_WIDTH);
  return `${label} [${bar}] ${humanSize(current)}/${humanSize(total)}`.slice(0, columns - 1);
}
