import { readFileSync } from 'node:fs';

/** The environment that this process has. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * One value of `-e`: `NAME=value` as it is; `NAME` with the value that it has here, or alone when it has none, which
 * takes it away from the container.
 *
 * @throws `Error` without a name.
 */
export function parseEnv(text: string, env: Environment): string {
  const name = text.split('=', 1)[0] ?? '';
  if (name === '') throw new Error(`invalid environment variable: ${text}`);
  if (text.includes('\0')) throw new Error('invalid environment variable: it holds a NUL');
  if (name !== text) return text;
  const own = env[name];
  return own === undefined ? name : `${name}=${own}`;
}

/**
 * The lines of an `--env-file`: `NAME=value` to the end of the line, quotes and all; `NAME` as in {@link parseEnv}; `#`
 * begins a comment at the beginning of a line.
 *
 * @throws `Error` for a name with white space or none, and for what is no UTF-8.
 */
export function parseEnvFile(path: string, bytes: Uint8Array, env: Environment): string[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Error(`env file ${path} is not UTF-8`, { cause });
  }
  return text.split('\n').flatMap((raw, i) => {
    const line = raw.replace(/\r$/, '').trimStart();
    if (line === '' || line.startsWith('#')) return [];
    const name = line.split('=', 1)[0] ?? '';
    const where = `env file ${path}, line ${i + 1}`;
    if (name === '') throw new Error(`poorly formatted environment: no variable name: ${where}`);
    if (/[ \t]/.test(name.trimEnd()) || (name !== line && /\s$/.test(name))) {
      throw new Error(`poorly formatted environment: variable '${name}' contains whitespaces: ${where}`);
    }
    return [parseEnv(name === line ? line.trimEnd() : line, env)];
  });
}

/** Variables of files, then those of `-e`: of a name that comes twice, the engine takes the last. */
export function environment(files: readonly string[], values: readonly string[], env: Environment): string[] {
  const fromFiles = files.flatMap((path) => parseEnvFile(path, readTextFile(path), env));
  return [...fromFiles, ...values.map((text) => parseEnv(text, env))];
}

function readTextFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why =
      code === 'ENOENT'
        ? 'no such file or directory'
        : code === 'EISDIR'
          ? 'it is a directory'
          : String(cause);
    throw new Error(`open ${path}: ${why}`, { cause });
  }
}
