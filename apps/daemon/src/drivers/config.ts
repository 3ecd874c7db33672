import { isAbsolute } from 'node:path';

import { NsError } from '@ns/errors';
import { type DriverModule, loadDriver } from '@ns/execdriver';

import { builtinRuntimes, ociRuntime, type Runtime } from './builtin.js';
import { isProgram, isScript } from './which.js';

/** A runtime that the user adds. */
export interface AddedRuntime {
  readonly name: string;
  /** Of a program, or somebody's package. */
  readonly path: string;
}

/** The daemon's options about drivers. */
export interface DriverFlags {
  /** A driver's name, or somebody's package. */
  readonly execDriver: string | undefined;
  readonly defaultRuntime: string | undefined;
  readonly addRuntimes: readonly AddedRuntime[];
  /** `KEY=VALUE` for the default one, `NAME.KEY=VALUE`. */
  readonly execOpts: readonly string[];
  /** How the user knows an option, for messages. */
  readonly where: (key: 'exec-driver' | 'default-runtime' | 'runtimes' | 'exec-opts') => string;
  /** Directories that a package may be installed for, beside the daemon's own. */
  readonly nearby: (key: 'exec-driver' | 'runtimes') => readonly string[];
}

/** The runtimes of a daemon, and the one of containers that name none. */
export interface DriversConfig {
  readonly runtimes: readonly Runtime[];
  readonly defaultName: string;
}

const NAME = /^[a-zA-Z0-9][\w.-]{0,63}$/;

/**
 * What the options come to. Packages are loaded here, and nowhere else: a request names what there is.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, `ERR_NS_NOT_FOUND`, `ERR_NS_UNSUPPORTED`, naming the option or package.
 */
export async function configureDrivers(flags: DriverFlags): Promise<DriversConfig> {
  const runtimes = new Map(builtinRuntimes().map((runtime) => [runtime.name, runtime]));
  const { where, nearby } = flags;
  const origin = (key: 'exec-driver' | 'runtimes'): Origin => ({ where: where(key), nearby: nearby(key) });
  for (const added of flags.addRuntimes) {
    if (added.name === 'native')
      throw bad(where('runtimes'), 'native is the daemon’s own driver', 'Choose another name.');
    runtimes.set(added.name, await addedRuntime(added, origin('runtimes')));
  }
  const execDriver = await execDriverOf(flags.execDriver, runtimes, origin('exec-driver'));
  const defaultName = flags.defaultRuntime ?? execDriver ?? 'native';
  if (!runtimes.has(defaultName))
    throw unknownRuntime(where('default-runtime'), defaultName, runtimes.keys());
  if (execDriver !== undefined && execDriver !== defaultName) {
    throw bad(
      where('default-runtime'),
      `${defaultName}, and ${where('exec-driver')} ${execDriver}: both say which driver is the default`,
      'Give one of them.',
    );
  }
  for (const option of flags.execOpts) applyOption(option, defaultName, runtimes, where('exec-opts'));
  return { runtimes: [...runtimes.values()], defaultName };
}

async function execDriverOf(
  text: string | undefined,
  runtimes: Map<string, Runtime>,
  origin: Origin,
): Promise<string | undefined> {
  const { where } = origin;
  if (text === undefined || runtimes.has(text)) return text;
  const module = await loadPackage(text, origin);
  const { name } = module.info;
  checkName(where, name);
  if (name === 'native') throw bad(where, `${text} calls itself native`, 'That name is taken.');
  runtimes.set(name, { name, load: async () => module, path: text });
  return name;
}

async function addedRuntime({ name, path }: AddedRuntime, origin: Origin): Promise<Runtime> {
  checkName(origin.where, name);
  if (isAbsolute(path) && isProgram(path) && !isModule(path)) return ociRuntime(name, path);
  const module = await loadPackage(path, origin);
  return { name, load: async () => module, path };
}

/** Somebody's module may be executable, as whatever tool wrote it made it; only a script says who runs it. */
const isModule = (path: string): boolean => /\.[cm]?[jt]s$/.test(path) && !isScript(path);

/** Where an option comes from. */
interface Origin {
  readonly where: string;
  readonly nearby: readonly string[];
}

/** A package is looked for beside the daemon, then where it is named. */
async function loadPackage(name: string, { where, nearby }: Origin): Promise<DriverModule> {
  let failure: unknown;
  for (const directory of [import.meta.dirname, ...nearby]) {
    try {
      return await loadDriver(name, directory);
    } catch (error) {
      failure = error;
      if (!NsError.is(error) || error.code !== 'ERR_NS_NOT_FOUND') break;
    }
  }
  if (!NsError.is(failure)) throw failure;
  const { code, message, hint, cause } = failure;
  throw new NsError(code, { operation: where, message, hint, cause });
}

function checkName(where: string, name: string): void {
  if (!NAME.test(name)) {
    throw bad(where, `${JSON.stringify(name)} is no name of a driver`, 'Letters, digits, "_", "." and "-".');
  }
}

/** Docker's `native.cgroupdriver=cgroupfs` says what is so anyway. */
function applyOption(
  option: string,
  defaultName: string,
  runtimes: Map<string, Runtime>,
  where: string,
): void {
  const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(option) ?? [];
  if (key === '') throw bad(where, `'${option}' is not KEY=VALUE`, 'For example crun.path=/usr/bin/crun.');
  if (key === 'native.cgroupdriver') {
    if (value === 'cgroupfs') return;
    throw bad(where, `cgroup driver '${value}' is unknown`, 'Known is cgroupfs.');
  }
  const prefix = [...runtimes.keys()].find((name) => key.startsWith(`${name}.`));
  const name = prefix ?? defaultName;
  const runtime = runtimes.get(name)!;
  if (name === 'native') throw bad(where, `the native driver has no option ${key}`, 'Leave it out.');
  const setting = prefix === undefined ? key : key.slice(prefix.length + 1);
  runtimes.set(name, { ...runtime, settings: { ...runtime.settings, [setting]: value } });
}

const bad = (operation: string, message: string, hint: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation, message, hint });

/** Docker's words, with what there is. */
export const unknownRuntime = (operation: string, name: string, known: Iterable<string>): NsError =>
  bad(operation, `unknown or invalid runtime name: ${name}`, `The runtimes are: ${[...known].join(', ')}.`);
