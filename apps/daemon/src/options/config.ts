import { join as joinPath } from 'node:path';

import type { Ulimit } from '@ns/engine-api';

import type { DriverFlags } from '../drivers/config.js';
import { type ContainerIds, parseRemap, readUserFiles } from '../engine/user-remap.js';
import type { LogLevel } from '../host/logger.js';
import { type NetworkConfig, networkConfig } from '../network/config.js';
import { readConfigFile } from './file.js';
import { CONFIG_FILE, type CommandLine } from './flags.js';
import { readAt } from './kind.js';
import { join, type Settings } from './settings.js';

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

const DEFAULT_GROUP = 'docker';

/**
 * The options of a command line and of its configuration file.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, `ERR_NS_NOT_FOUND`, naming the flag, or the file and its key.
 */
export function loadSettings({ given, configFile }: CommandLine): Settings {
  const path = configFile ?? CONFIG_FILE;
  return join(given, readConfigFile(path, configFile !== undefined), path);
}

/** What the options come to. @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for those that cannot be together. */
export function daemonConfig(settings: Settings): DaemonConfig {
  const { values, given, where, nearby } = settings;
  const execRoot = values['exec-root'];
  const remap = values['userns-remap'];
  return {
    hosts: values.hosts,
    dataRoot: values['data-root'],
    execRoot,
    pidfile: values.pidfile ?? joinPath(execRoot, 'ns-daemon.pid'),
    group: values.group ?? DEFAULT_GROUP,
    isGroupExplicit: given.has('group'),
    drivers: {
      execDriver: values['exec-driver'],
      defaultRuntime: values['default-runtime'],
      addRuntimes: values.runtimes ?? [],
      execOpts: values['exec-opts'] ?? [],
      where,
      nearby,
    },
    cgroupParent: values['cgroup-parent'],
    logLevel: values.debug ? 'debug' : values['log-level'],
    network: networkConfig(settings),
    defaultUlimits: values['default-ulimits'] ?? [],
    remap: remap ? readAt(where('userns-remap'), () => parseRemap(remap, readUserFiles())) : undefined,
  };
}
