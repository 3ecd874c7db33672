import type { CgroupLayout } from '@ns/cgroups';
import type { ContainerSpec } from '@ns/execdriver';

import { SCAFFOLD } from './scaffold.js';

/** What of a container is on the host, for systemd-nspawn. */
export interface Arrangement {
  readonly machine: string;
  /** The directory that systemd-nspawn takes for the container's root. */
  readonly scaffold: string;
  /** Where the container's root is attached. */
  readonly root: string;
  /** The program that becomes the container's, as it is found inside. */
  readonly program: string;
}

/**
 * The command line of systemd-nspawn for a container.
 *
 * @remarks
 * Pure. See systemd-nspawn(1). It is asked for namespaces, and for the host's files that go into the container. What becomes
 * of them there is the inner program's, which takes all capabilities, and gives up what the container must not have. Nothing
 * of the image is looked at by systemd-nspawn: what it takes for the root is an empty scaffold.
 */
export function nspawnArguments(spec: ContainerSpec, arrangement: Arrangement): string[] {
  const { machine, scaffold, root, program } = arrangement;
  const bind = (source: string, target: string): string => `--bind=${escapePath(source)}:${target}`;
  return [
    'systemd-nspawn',
    // It works where no systemd runs, and leaves it alone where one does.
    '--register=no',
    '--keep-unit',
    // No .nspawn file of the host has a say.
    '--settings=no',
    '--console=pipe',
    `--machine=${machine}`,
    `--directory=${scaffold}`,
    '--resolv-conf=off',
    '--timezone=off',
    '--link-journal=no',
    '--capability=all',
    '--private-network',
    bind(root, SCAFFOLD.root),
    ...(spec.mounts ?? []).flatMap((mount, index) =>
      mount.type === 'bind' ? [bind(mount.source, SCAFFOLD.source(index))] : [],
    ),
    '--',
    program,
  ];
}

/** A path as `--bind` takes it: a colon ends it, and a backslash takes the meaning of what follows. */
export const escapePath = (path: string): string => path.replaceAll(/[\\:]/g, String.raw`\$&`);

/**
 * The environment of systemd-nspawn; nothing of it reaches the container.
 *
 * @param passed - How many descriptors it passes on.
 */
export function nspawnEnvironment({ kind }: CgroupLayout, passed: number): string[] {
  return [
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'LC_ALL=C',
    `LISTEN_FDS=${passed}`,
    'SYSTEMD_LOG_TARGET=console',
    'SYSTEMD_LOG_COLOR=0',
    // Its own filter would stay on the program, under the one that the container is to have.
    'SYSTEMD_SECCOMP=0',
    // The scaffold is the container's alone; the lock would be a file beside it.
    'SYSTEMD_NSPAWN_LOCK=0',
    'SYSTEMD_NSPAWN_TMPFS_TMP=0',
    // The inner program makes it, when it has joined the container's cgroup. Of version 1 and hybrid hierarchies
    // systemd-nspawn 252 mounts all that the kernel knows without it, and gives up at the first that is not there.
    `SYSTEMD_NSPAWN_USE_CGNS=${kind === 'v2' ? 0 : 1}`,
  ];
}
