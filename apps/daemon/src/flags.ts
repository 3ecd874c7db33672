import { isAbsolute, join } from 'node:path';

import type { Ulimit } from '@ns/engine-api';
import { NsError } from '@ns/errors';
import { Command, Option } from 'commander';

import type { DriverFlags } from './drivers/config.js';
import { cgroupPathOf } from './engine/resources.js';
import { type ContainerIds, parseRemap, readUserFiles } from './engine/user-remap.js';
import { LOG_LEVELS, type LogLevel } from './host/logger.js';
import type { NetworkConfig } from './network/config.js';
import { addNetworkFlags, networkConfig, type NetworkFlags, parseUlimits } from './network/flags.js';

/** How the daemon is to run. */
export interface DaemonConfig {
  readonly hosts: readonly string[];
  readonly dataRoot: string;
  readonly execRoot: string;
  readonly pidfile: string;
  readonly group: string;
  /** The group was given, not the default. */
  readonly isGroupExplicit: boolean;
  readonly drivers: DriverFlags;
  /** The control group that containers' own are in, below the mount points. */
  readonly cgroupParent: string;
  readonly logLevel: LogLevel;
  readonly network: NetworkConfig;
  /** Limits of containers that set none. */
  readonly defaultUlimits: readonly Ulimit[];
  /** The ids of containers that do not say `--userns=host`; undefined: the host's. */
  readonly remap: ContainerIds | undefined;
}

const DEFAULT_HOST = 'unix:///run/ns/ns.sock';
const DEFAULT_GROUP = 'docker';

interface Flags extends NetworkFlags {
  host?: string[];
  dataRoot: string;
  execRoot: string;
  pidfile?: string;
  debug?: true;
  group?: string;
  execDriver?: string;
  defaultRuntime?: string;
  addRuntime?: string[];
  execOpt?: string[];
  cgroupParent: string;
  logLevel: LogLevel;
  usernsRemap?: string;
}

/** The command line; `ns-daemon --help` prints it. */
export function createCommand(version: string): Command {
  const command = new Command('ns-daemon')
    .description('The ns engine: runs containers, and serves the Docker Engine API on a Unix socket.')
    .version(`ns-daemon ${version}`, '-v, --version', 'print the version')
    .helpOption('--help', 'print this')
    .option('-H, --host <address>', `where to listen, may be repeated (default: "${DEFAULT_HOST}")`, collect)
    .option('-g, --data-root <dir>', 'what outlives a reboot: images, containers, volumes', '/var/lib/ns')
    .option(
      '--exec-root <dir>',
      'what lives as long as the machine: the state of running containers',
      '/run/ns',
    )
    .option('-p, --pidfile <file>', 'the file with the process id (default: "<exec-root>/ns-daemon.pid")')
    .option('-D, --debug', 'short for --log-level debug')
    .option(
      '-G, --group <group>',
      `the group that may use the socket (default: "${DEFAULT_GROUP}" if there is one)`,
    )
    .option(
      '-e, --exec-driver <driver>',
      'what isolates containers: a driver\'s name, or somebody\'s package (default: "native")',
    )
    .option('--default-runtime <name>', 'the same, of drivers that are known')
    .option(
      '--add-runtime <name=path>',
      "a runtime of OCI, or somebody's driver package, for containers that ask for it; may be repeated",
      collect,
    )
    .option(
      '--exec-opt <[name.]key=value>',
      'a setting of the default driver, or of another; may be repeated',
      collect,
    )
    .option('--cgroup-parent <path>', 'the control group that those of containers are in', '/ns')
    .option(
      '--userns-remap <user>',
      'containers have ids of their own: default, USER[:GROUP], UID[:GID], which have ranges in /etc/subuid and /etc/subgid',
    )
    .addOption(
      new Option('-l, --log-level <level>', 'how much is logged').choices([...LOG_LEVELS]).default('info'),
    )
    .allowExcessArguments(false);
  return addNetworkFlags(command);
}

const collect = (value: string, previous: string[] = []): string[] => [...previous, value];

/**
 * Read the flags.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`; `CommanderError` for a flag there is not, and for --help.
 */
export function parseFlags(command: Command, argv: readonly string[]): DaemonConfig {
  const flags = command.parse(argv, { from: 'user' }).opts<Flags>();
  const execRoot = absolute('--exec-root', flags.execRoot);
  return {
    hosts: flags.host ?? [DEFAULT_HOST],
    dataRoot: absolute('--data-root', flags.dataRoot),
    execRoot,
    pidfile: absolute('--pidfile', flags.pidfile ?? join(execRoot, 'ns-daemon.pid')),
    group: flags.group ?? DEFAULT_GROUP,
    isGroupExplicit: flags.group !== undefined,
    drivers: {
      execDriver: flags.execDriver,
      defaultRuntime: flags.defaultRuntime,
      addRuntimes: flags.addRuntime ?? [],
      execOpts: flags.execOpt ?? [],
    },
    cgroupParent: cgroupPathOf('--cgroup-parent', flags.cgroupParent),
    logLevel: flags.debug ? 'debug' : flags.logLevel,
    network: networkConfig(flags),
    defaultUlimits: parseUlimits(flags.defaultUlimit ?? []),
    remap: flags.usernsRemap ? parseRemap(flags.usernsRemap, readUserFiles()) : undefined,
  };
}

function absolute(flag: string, path: string): string {
  if (isAbsolute(path) && !path.includes('\0')) return join(path);
  throw new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: flag,
    message: `'${path}' is not an absolute path`,
    hint: 'The daemon has no working directory of yours.',
  });
}
