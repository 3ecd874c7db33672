import { readFileSync, statSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { NsError } from '@ns/errors';
import { moduleResolve } from 'import-meta-resolve';

import { checkContract } from './abilities.js';
import type { DriverModule } from './contract.js';
import { flawOf } from './module-shape.js';

const OPERATION = 'load driver';
/** How long a module may take to be evaluated. */
const TIME_LIMIT_MS = 10_000;
const CONDITIONS = new Set(['node', 'import']);
const PACKAGE_NAME = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/i;

/**
 * Load a driver: what the module of an npm package exports as `driver`.
 *
 * @remarks
 * The module runs in this process, with all its rights. It is for whoever runs the engine to name it, on its command line or in
 * its configuration, never for a request. It is looked for as Node does for an `import` in `from`, and nowhere else.
 *
 * @param name - A package's name, or the absolute path of a module or of a package's directory. No other addresses: no URL, no
 * module of Node's own.
 * @param from - The directory, or file, as whose import it is looked for. Default: the working directory.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for what is no name, a module that cannot be evaluated, or one that
 * exports no driver; `ERR_NS_NOT_FOUND` when it is not installed there; `ERR_NS_UNSUPPORTED` for a driver that is written for
 * another version of the contract; `ERR_NS_TIMEOUT` when evaluating it takes longer than ten seconds.
 *
 * @example
 * ```ts
 * const { info, probe, create } = await loadDriver('ns-driver-example', import.meta.dirname);
 * ```
 */
export async function loadDriver(name: string, from: string = process.cwd()): Promise<DriverModule> {
  const url = isAbsolute(name) ? fileOf(name) : packageOf(name, from);
  const exports = await evaluate(name, url);
  const { driver } = exports as { readonly driver?: unknown };
  if (driver === undefined) {
    throw invalid(
      `${name} exports no driver`,
      'a module of a driver exports `driver`, with `info`, `probe` and `create`',
    );
  }
  checkVersion(driver);
  const flaw = flawOf(driver);
  if (flaw === undefined) return driver as DriverModule;
  throw invalid(
    `the driver that ${name} exports ${flaw}`,
    'see the interface DriverModule of @ns/execdriver',
  );
}

/** First of all: what else is expected of a driver is up to the version. */
function checkVersion(driver: unknown): void {
  const { info } = (driver ?? {}) as Partial<DriverModule>;
  if (typeof info?.contract === 'number') checkContract(info);
}

function packageOf(name: string, from: string): URL {
  if (!PACKAGE_NAME.test(name) || isBuiltin(name)) {
    throw invalid(
      `${JSON.stringify(name.slice(0, 100))} is no name of a package`,
      'give the name of an npm package, or the absolute path of a module',
    );
  }
  const base = isDirectory(from) ? join(from, 'package.json') : from;
  try {
    return moduleResolve(name, pathToFileURL(base), CONDITIONS);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND') throw broken(name, cause);
    throw notFound(
      `no package ${name} is installed for ${from}`,
      `install it there: npm install ${name}`,
      cause,
    );
  }
}

function fileOf(path: string): URL {
  try {
    return isDirectory(path) ? entryOf(path) : pathToFileURL(realFile(path));
  } catch (cause) {
    if (NsError.is(cause)) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'MODULE_NOT_FOUND') throw broken(path, cause);
    throw notFound(
      `${path} is no module and no package`,
      'give the path of a module, or of a package’s directory',
      cause,
    );
  }
}

function realFile(path: string): string {
  statSync(path);
  return path;
}

/** What a package's directory means: by its `exports`, which it can name itself by, or as Node did before there were any. */
function entryOf(directory: string): URL {
  const manifest = join(directory, 'package.json');
  const { name, exports } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    readonly name?: string;
    readonly exports?: unknown;
  };
  if (name !== undefined && exports !== undefined) {
    return moduleResolve(name, pathToFileURL(manifest), CONDITIONS);
  }
  return pathToFileURL(createRequire(manifest).resolve(directory));
}

const isDirectory = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

async function evaluate(name: string, url: URL): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new NsError('ERR_NS_TIMEOUT', {
      operation: OPERATION,
      message: `${name} was not loaded within ${TIME_LIMIT_MS / 1000} s`,
      hint: 'the fault is in the package: it waits for something when it is imported',
    });
    timer = setTimeout(() => reject(error), TIME_LIMIT_MS);
  });
  try {
    return await Promise.race([import(url.href), late]);
  } catch (cause) {
    throw NsError.is(cause) ? cause : broken(name, cause);
  } finally {
    clearTimeout(timer);
  }
}

const invalid = (message: string, hint: string, cause?: unknown): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation: OPERATION, message, hint, cause });

const notFound = (message: string, hint: string, cause: unknown): NsError =>
  new NsError('ERR_NS_NOT_FOUND', { operation: OPERATION, message, hint, cause });

const broken = (name: string, cause: unknown): NsError =>
  invalid(
    `${name} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
    'the fault is in the package: ask its authors',
    cause,
  );
