import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { DriverSettings } from '@ns/execdriver';

/** Where LXC is on this machine. */
export interface Installation {
  readonly lxcStart: string;
  /**
   * The directory that LXC was built to mount roots on. It is empty, and everybody can reach it, which the root of a user
   * namespace has to.
   */
  readonly rootMount: string;
  /** The directory that LXC is told to have its containers in, which the root of a user namespace has to reach too. */
  readonly lxcPath: string;
}

const DEFAULT_COMMAND = '/usr/bin/lxc-start';

/** Where `lxc-ls` and `lxc-info` look. */
const DEFAULT_LXC_PATH = '/var/lib/lxc';

/** The command that runs containers. */
export const commandOf = (settings: DriverSettings = {}): string => settings['path'] ?? DEFAULT_COMMAND;

/** Undefined when LXC is not installed. */
export function findInstallation(settings: DriverSettings = {}): Installation | undefined {
  const lxcStart = commandOf(settings);
  const rootMount = rootMounts().find((path) => existsSync(path));
  if (!existsSync(lxcStart) || rootMount === undefined) return undefined;
  return {
    lxcStart,
    rootMount,
    lxcPath: isReachable(DEFAULT_LXC_PATH) ? DEFAULT_LXC_PATH : dirname(rootMount),
  };
}

const isReachable = (path: string): boolean => existsSync(path) && (statSync(path).mode & 0o005) === 0o005;

/** Debian's is below the directory of an architecture. */
function rootMounts(): string[] {
  const libraries = ['/usr/lib', '/usr/lib64', '/usr/local/lib'].filter((path) => existsSync(path));
  const below = libraries.flatMap((path) => readdirSync(path).map((name) => join(path, name)));
  return [...libraries, ...below].map((path) => join(path, 'lxc/rootfs'));
}
