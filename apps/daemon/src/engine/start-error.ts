import { NsError } from '@ns/errors';

/**
 * Docker's client tells by these words, anywhere in the message, which exit code it ends with. Ours begin with a
 * capital where they are about something else than the command.
 */
const MISTAKEN: readonly (readonly [RegExp, string])[] = [
  [/executable file not found/g, 'Executable file not found'],
  [/no such file or directory/g, 'No such file or directory'],
  [/permission denied/g, 'Permission denied'],
  [/is a directory/g, 'Is a directory'],
];

/** The exit code of a container whose program could not be started: 127, 126, or 128 for other reasons. */
export function startExitCode(error: unknown): number {
  if (!NsError.is(error)) return 128;
  if (error.code === 'ERR_NS_COMMAND_NOT_FOUND') return 127;
  return error.code === 'ERR_NS_COMMAND_NOT_EXECUTABLE' ? 126 : 128;
}

/**
 * A driver's error, worded so that `docker run` ends with the right exit code: 127 when the command does not exist,
 * 126 when it cannot be executed, else 125.
 */
export function startError(error: unknown, command: string): unknown {
  if (!NsError.is(error)) return error;
  const { code, operation, hint, path } = error;
  const fact = MISTAKEN.reduce(
    (text, [from, to]) => text.replace(from, to),
    error.message.slice(operation.length + 2),
  );
  return new NsError(code, { operation, message: fact + reason(code, command), hint, path, cause: error });
}

function reason(code: NsError['code'], command: string): string {
  const exec = `: exec: ${JSON.stringify(command)}: `;
  if (code === 'ERR_NS_COMMAND_NOT_FOUND') {
    return (
      exec +
      (command.includes('/')
        ? `stat ${command}: no such file or directory`
        : 'executable file not found in $PATH')
    );
  }
  return code === 'ERR_NS_COMMAND_NOT_EXECUTABLE' ? `${exec}permission denied` : '';
}
