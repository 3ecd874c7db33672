import { appendFileSync } from 'node:fs';

import { hintOf } from '@ns/errors';

import type { GlobalOptions } from './command-line/command.js';
import { writeError } from './streams.js';

/** Levels by logrus' names, which containerd and Podman read. */
export type Level = 'debug' | 'warning' | 'error';

/** Where lines go: the file of `--log`, and stderr. */
export type LogTarget = Pick<GlobalOptions, 'log' | 'logFormat' | 'debug'>;

/** Where stderr goes. */
type Say = (text: string) => void;

/**
 * One line, as logrus writes it: `{"level":"error","msg":"…","time":"…"}`, or `time="…" level=error msg="…"`.
 *
 * @param at - Seconds are all that logrus tells.
 */
export function logLine(format: LogTarget['logFormat'], level: Level, message: string, at: Date): string {
  const time = at.toISOString().replace(/\.\d+Z$/, 'Z');
  if (format === 'json') return `${JSON.stringify({ level, msg: message, time })}\n`;
  return `time=${JSON.stringify(time)} level=${level} msg=${JSON.stringify(message)}\n`;
}

/**
 * Write a line to the log. Without `--log` it goes to stderr.
 *
 * A log that cannot be written to must not hide what is logged: it goes to stderr then.
 */
export function log(target: LogTarget, level: Level, message: string, say: Say = writeError): void {
  if (level === 'debug' && !target.debug) return;
  const line = logLine(target.logFormat, level, message, new Date());
  if (target.log !== undefined) {
    try {
      appendFileSync(target.log, line, { mode: 0o644 });
      return;
    } catch {
      // Said on stderr, below.
    }
  }
  say(line);
}

/**
 * Tell of the error that ends a command: in the file of `--log`, and on stderr. Without the file a caller that asked for
 * JSON reads stderr.
 */
export function tellError(target: LogTarget, message: string, say: Say = writeError): void {
  if (target.log !== undefined || target.logFormat === 'json') log(target, 'error', message, say);
  if (target.log !== undefined || target.logFormat !== 'json') say(`ns-oci: ${message}\n`);
}

/** An error in one line, its hint included: whoever reads a log sees nothing else. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const hint = hintOf(error);
  return hint === undefined ? message : `${message} (${hint})`;
}
