import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { createCgroup, detect, type CgroupLayout } from '@ns/cgroups';
import { isErrno } from '@ns/errors';
import type { ContainerSpec } from '@ns/execdriver';
import { innerDirectory, type Place } from '@ns/execdriver/kit';
import { compile, type Image } from '@ns/syscall';

import { lxcConfig } from './config.js';
import type { Installation } from './install.js';
import { layoutOfLxc } from './limits.js';
import { FILES, type CgroupPaths, type Names } from './names.js';
import { launchProgram } from './programs/launch.js';
import { mountProgram } from './programs/mount.js';
import { noteProgram } from './programs/note.js';
import { planParts } from './programs/parts.js';

/** What a later process needs to know of a container. */
export interface Facts {
  readonly cgroups: CgroupPaths;
}

/** The programs around a container's start, for the records of their failures. */
export type Programs = readonly Image[];

/** LXC finds no newuidmap there: it writes id maps by itself, whatever /etc/subuid says of root. */
const ENVIRONMENT = ['PATH=/'];

/** What is decided by the driver. */
export interface Told {
  readonly installation: Installation;
  readonly names: Names;
  /** What LXC runs in the container. */
  readonly command: string;
}

/** Write everything that lxc-start reads into the container's state directory. */
export function writeContainer(
  spec: ContainerSpec,
  place: Place,
  told: Told,
): { readonly file: string; readonly args: readonly string[]; readonly programs: Programs } {
  const { rootMount } = told.installation;
  const { cgroups } = told.names;
  const file = fileOf(place);
  const layout = detect();
  const config = lxcConfig(spec, { rootMount, cgroups, layout: layoutOfLxc(layout) });
  writeFileSync(file('config'), config, { mode: 0o600 });
  writeFileSync(file('facts'), JSON.stringify({ cgroups } satisfies Facts), { mode: 0o600 });

  const parts = planParts(spec, innerDirectory(place));
  const mount = compile(mountProgram(parts, rootMount));
  const note = compile(noteProgram(file('end'), counterOf(layout, cgroups.container)));
  const launch = compile(
    launchProgram(parts, {
      root: place.root,
      rootMount,
      unified: makeUnified(spec, layout, cgroups.container),
      mountProgram: file('mount'),
      noteProgram: file('note'),
      failureFile: file('failure'),
      messages: file('log'),
      lxcStart: told.installation.lxcStart,
      args: argumentsOf(place, told),
      env: ENVIRONMENT,
    }),
  );
  for (const [kind, { elf }] of Object.entries({ launch, mount, note })) {
    writeFileSync(file(kind as 'launch'), elf, { mode: 0o755 });
  }
  return { file: file('launch'), args: ['ns-lxc', place.id], programs: [launch, mount] };
}

const fileOf =
  ({ directory }: Place) =>
  (kind: keyof typeof FILES): string =>
    join(directory, FILES[kind]);

function argumentsOf(place: Place, { installation, names, command }: Told): string[] {
  const file = fileOf(place);
  return [
    'lxc-start',
    '--foreground',
    '--quiet',
    `--name=${names.name}`,
    `--lxcpath=${installation.lxcPath}`,
    `--rcfile=${file('config')}`,
    `--logfile=${file('log')}`,
    '--logpriority=INFO',
    '--',
    command,
  ];
}

/** The group of a hybrid layout that LXC does not make, with the limits that are set there. */
function makeUnified(
  { resources = {} }: ContainerSpec,
  layout: CgroupLayout,
  path: string,
): { readonly mountPoint: string; readonly group: string } | undefined {
  const { unified } = layout;
  if (layout.kind !== 'hybrid' || unified === undefined) return undefined;
  const { hugetlb } = resources;
  const own = unified.controllers.includes('hugetlb') && hugetlb !== undefined ? { hugetlb } : {};
  createCgroup({
    parent: '/',
    name: path.slice(1),
    resources: own,
    layout: { kind: 'v2', hierarchies: [unified], unified },
  });
  return { mountPoint: unified.mountPoint, group: path };
}

/** The file that counts how often memory ran out, as lxc-start sees it. */
function counterOf(layout: CgroupLayout, path: string): string | undefined {
  const hierarchy = layoutOfLxc(layout).hierarchies.find(({ controllers }) => controllers.includes('memory'));
  if (hierarchy === undefined) return undefined;
  const file = hierarchy.version === 1 ? 'memory.oom_control' : 'memory.events';
  return `${hierarchy.mountPoint}${path}/${file}`;
}

/** What was written down of a container; undefined when it was not begun. */
export function readFacts({ directory }: Place): Facts | undefined {
  const text = readIfAny(join(directory, FILES.facts));
  return text === undefined ? undefined : (JSON.parse(text.toString()) as Facts);
}

/** A file that need not be there. */
export function readIfAny(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
