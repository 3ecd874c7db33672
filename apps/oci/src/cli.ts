import { commands } from './commands/index.js';
import type { Command, GlobalOptions } from './command-line/command.js';
import type { Flags, Values } from './command-line/flag.js';
import { commandHelp, rootHelp } from './command-line/help.js';
import { parseFlags, usage } from './command-line/parse.js';
import { log, messageOf, tellError, type LogTarget } from './log.js';
import { SPEC_VERSION, VERSION } from './version.js';

/** The flags before the command, as runc has them. */
export const globalFlags = {
  debug: { kind: 'switch', help: 'write debug lines to the log' },
  log: { kind: 'text', help: 'file to write the log to (default: stderr)' },
  'log-format': { kind: 'text', initial: 'text', help: "format of the log: 'text' or 'json'" },
  root: {
    kind: 'text',
    help: "directory of the containers' states (default /run/ns-oci, or $XDG_RUNTIME_DIR/ns-oci)",
  },
  'systemd-cgroup': {
    kind: 'switch',
    help: 'have systemd make the cgroups; cgroupsPath is slice:prefix:name then',
  },
  rootless: {
    kind: 'text',
    initial: 'auto',
    help: "do without cgroups that cannot be made: 'true', 'false' or 'auto'",
  },
  criu: { kind: 'text', help: 'ignored, for callers that give it' },
  help: { kind: 'switch', short: 'h', help: 'show help' },
  version: { kind: 'switch', short: 'v', help: 'print the version' },
} as const satisfies Flags;

/** Where the words go. */
export interface Streams {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly print: (text: string) => void;
  readonly warn: (text: string) => void;
}

/**
 * Call the command that the words name. What goes wrong is told on stderr, and in the file of `--log` as well, whose
 * last line of level `error` is what callers show.
 *
 * @returns The exit status.
 */
export async function main(words: readonly string[], streams: Streams): Promise<number> {
  let target: LogTarget = { log: undefined, logFormat: 'text', debug: false };
  try {
    const { values, rest } = parseFlags('', globalFlags, words);
    target = logTarget(values);
    if (values.version) {
      streams.print(versionText());
      return 0;
    }
    const [name, ...others] = rest;
    if (name === undefined || values.help || name === 'help') {
      streams.print(rootHelp(globalFlags, commands));
      return 0;
    }
    const global = globalOptions(values, streams);
    return await call(name, others, global, streams);
  } catch (error) {
    tellError(target, messageOf(error), streams.warn);
    if (target.debug && error instanceof Error) streams.warn(`${error.stack ?? ''}\n`);
    return 1;
  }
}

async function call(
  name: string,
  words: readonly string[],
  global: GlobalOptions,
  streams: Streams,
): Promise<number> {
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry === undefined) throw usage('', `no help topic for ${JSON.stringify(name)}: no such command`);
  const command: Command = (await entry.load()).command;
  const flags = {
    ...command.flags,
    help: { kind: 'switch', short: 'h', help: 'show help' },
  } satisfies Flags;
  const { values, rest } = parseFlags(name, flags, words);
  if (values.help) {
    streams.print(commandHelp(name, command));
    return 0;
  }
  const [min, max] = command.args;
  if (rest.length < min || rest.length > max) throw usage(name, countText(min, max, rest.length));
  return command.run({
    global,
    flags: values,
    args: rest,
    print: streams.print,
    warn: (message) => log(global, 'warning', message),
    trace: (message) => log(global, 'debug', message),
  });
}

function countText(min: number, max: number, got: number): string {
  const wanted = min === max ? `exactly ${min}` : got < min ? `at least ${min}` : `at most ${max}`;
  return `${wanted} argument${wanted.endsWith(' 1') ? '' : 's'} wanted, ${got} given`;
}

/** containerd and Docker take the runtime's version from the first line, and the specification's from `spec:`. */
const versionText = (): string =>
  `ns-oci version ${VERSION}\nspec: ${SPEC_VERSION}\nnode: ${process.version}\n`;

type GlobalValues = Values<typeof globalFlags>;

function logTarget(values: GlobalValues): LogTarget {
  const logFormat = values['log-format'];
  if (logFormat !== 'text' && logFormat !== 'json') {
    throw usage('', `log format ${JSON.stringify(logFormat)} is neither text nor json`);
  }
  return { log: values.log === '' ? undefined : values.log, logFormat, debug: values.debug };
}

function globalOptions(values: GlobalValues, { env, uid }: Streams): GlobalOptions {
  const { rootless } = values;
  if (!['true', 'false', 'auto'].includes(rootless)) {
    throw usage('', `--rootless ${JSON.stringify(rootless)} is none of true, false, auto`);
  }
  const runtimeDir = env['XDG_RUNTIME_DIR'] ?? '';
  const own = uid === 0 || runtimeDir === '' ? '/run/ns-oci' : `${runtimeDir}/ns-oci`;
  return {
    ...logTarget(values),
    root: values.root === undefined || values.root === '' ? own : values.root,
    systemdCgroup: values['systemd-cgroup'],
    rootless: rootless === 'auto' ? uid !== 0 : rootless === 'true',
  };
}
