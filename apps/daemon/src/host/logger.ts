/** How much the daemon says, from least to most. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Writes lines for whoever runs the daemon. */
export interface Logger {
  error(message: string, error?: unknown): void;
  warn(message: string): void;
  info(message: string): void;
  debug(message: string): void;
}

/** One that can be told to say more, or less. */
export interface AdjustableLogger extends Logger {
  level: LogLevel;
}

/**
 * A logger that writes `time level message` lines.
 *
 * @param write - Where a line goes: standard error, as systemd and Docker's users expect.
 */
export function createLogger(level: LogLevel, write: (line: string) => void): AdjustableLogger {
  const say = (of: LogLevel, message: string): void => {
    if (LOG_LEVELS.indexOf(of) > LOG_LEVELS.indexOf(logger.level)) return;
    // A message may quote what a client sent: it must not forge a line.
    write(`${new Date().toISOString()} ${of.padEnd(5)} ${message.replaceAll('\n', '\\n')}\n`);
  };
  const logger: AdjustableLogger = {
    level,
    error(message, error) {
      say('error', message);
      if (error instanceof Error && error.stack !== undefined) say('debug', error.stack);
    },
    warn: (message) => say('warn', message),
    info: (message) => say('info', message),
    debug: (message) => say('debug', message),
  };
  return logger;
}
