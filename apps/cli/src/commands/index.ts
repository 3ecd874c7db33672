import type { Command } from '../command.js';

/** A command in the table: its file is loaded when it is called. */
export interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: Command }>;
}

/** Commands that are shown together. */
export interface Group {
  readonly title: string;
  readonly entries: readonly Entry[];
}

/** Container commands, which stand alone and under `container`. */
const containerEntries: readonly Entry[] = [
  {
    name: 'attach',
    summary: 'Attach local standard input, output, and error streams to a running container',
    load: () => import('./attach.js'),
  },
  { name: 'create', summary: 'Create a new container', load: () => import('./create.js') },
  { name: 'exec', summary: 'Execute a command in a running container', load: () => import('./exec.js') },
  { name: 'kill', summary: 'Kill one or more running containers', load: () => import('./kill.js') },
  { name: 'logs', summary: 'Fetch the logs of a container', load: () => import('./logs.js') },
  {
    name: 'pause',
    summary: 'Pause all processes within one or more containers',
    load: () => import('./pause.js'),
  },
  {
    name: 'port',
    summary: 'List port mappings or a specific mapping for the container',
    load: () => import('./port.js'),
  },
  { name: 'rename', summary: 'Rename a container', load: () => import('./rename.js') },
  { name: 'restart', summary: 'Restart one or more containers', load: () => import('./restart.js') },
  {
    name: 'restore',
    summary: 'Start a container where a checkpoint has left it',
    load: () => import('./restore.js'),
  },
  { name: 'rm', summary: 'Remove one or more containers', load: () => import('./rm.js') },
  { name: 'run', summary: 'Create and run a new container from an image', load: () => import('./run.js') },
  { name: 'start', summary: 'Start one or more stopped containers', load: () => import('./start.js') },
  {
    name: 'stats',
    summary: 'Display a live stream of container(s) resource usage statistics',
    load: () => import('./stats.js'),
  },
  { name: 'stop', summary: 'Stop one or more running containers', load: () => import('./stop.js') },
  { name: 'top', summary: 'Display the running processes of a container', load: () => import('./top.js') },
  {
    name: 'unpause',
    summary: 'Unpause all processes within one or more containers',
    load: () => import('./unpause.js'),
  },
  {
    name: 'update',
    summary: 'Update configuration of one or more containers',
    load: () => import('./update.js'),
  },
  {
    name: 'wait',
    summary: 'Block until one or more containers stop, then print their exit codes',
    load: () => import('./wait.js'),
  },
];

/** Image commands, which stand alone and under `image`. */
const imageEntries: readonly Entry[] = [
  { name: 'history', summary: 'Show the history of an image', load: () => import('./history.js') },
  {
    name: 'import',
    summary: 'Import the contents from a tarball to create a filesystem image',
    load: () => import('./import.js'),
  },
  { name: 'load', summary: 'Load an image from a tar archive or STDIN', load: () => import('./load.js') },
  {
    name: 'save',
    summary: 'Save one or more images to a tar archive (streamed to STDOUT by default)',
    load: () => import('./save.js'),
  },
  {
    name: 'tag',
    summary: 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE',
    load: () => import('./tag.js'),
  },
];

const ps: Entry = { name: 'ps', summary: 'List containers', load: () => import('./ps.js') };
const images: Entry = { name: 'images', summary: 'List images', load: () => import('./images.js') };
const rmi: Entry = { name: 'rmi', summary: 'Remove one or more images', load: () => import('./rmi.js') };
const info: Entry = {
  name: 'info',
  summary: 'Display system-wide information',
  load: () => import('./info.js'),
};
const events: Entry = {
  name: 'events',
  summary: 'Get real time events from the server',
  load: () => import('./events.js'),
};
const version: Entry = {
  name: 'version',
  summary: 'Show the versions of ns and of the engine',
  load: () => import('./version.js'),
};
const inspect: Entry = {
  name: 'inspect',
  summary: 'Return low-level information on containers, images and networks',
  load: () => import('./inspect.js'),
};
const explain: Entry = {
  name: 'explain',
  summary: 'Show the system calls that would start a container, step by step',
  load: () => import('./explain.js'),
};

const COMMON = new Set(['run', 'exec']);

const sorted = (entries: readonly Entry[]): Entry[] => entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
const called = (entry: Entry, name: string): Entry => ({ ...entry, name });

/** `ns container …`, `ns image …`, `ns system …`. */
export const managementGroups: Readonly<Record<string, Group>> = {
  container: {
    title: 'Manage containers',
    entries: sorted([
      ...containerEntries,
      called(ps, 'ls'),
      {
        name: 'inspect',
        summary: 'Display detailed information on one or more containers',
        load: () => import('./inspect-container.js'),
      },
    ]),
  },
  checkpoint: {
    title: 'Manage checkpoints',
    entries: [
      {
        name: 'create',
        summary: 'Create a checkpoint from a running container',
        load: () => import('./checkpoint-create.js'),
      },
      {
        name: 'ls',
        summary: 'List checkpoints for a container',
        load: () => import('./checkpoint-ls.js'),
      },
      { name: 'rm', summary: 'Remove a checkpoint', load: () => import('./checkpoint-rm.js') },
    ],
  },
  image: {
    title: 'Manage images',
    entries: sorted([
      ...imageEntries,
      called(images, 'ls'),
      called(rmi, 'rm'),
      {
        name: 'inspect',
        summary: 'Display detailed information on one or more images',
        load: () => import('./inspect-image.js'),
      },
    ]),
  },
  network: {
    title: 'Manage networks',
    entries: [
      {
        name: 'connect',
        summary: 'Connect a container to a network',
        load: () => import('./network-connect.js'),
      },
      { name: 'create', summary: 'Create a network', load: () => import('./network-create.js') },
      {
        name: 'disconnect',
        summary: 'Disconnect a container from a network',
        load: () => import('./network-disconnect.js'),
      },
      {
        name: 'inspect',
        summary: 'Display detailed information on one or more networks',
        load: () => import('./network-inspect.js'),
      },
      { name: 'ls', summary: 'List networks', load: () => import('./network-ls.js') },
      { name: 'prune', summary: 'Remove all unused networks', load: () => import('./network-prune.js') },
      { name: 'rm', summary: 'Remove one or more networks', load: () => import('./network-rm.js') },
    ],
  },
  system: { title: 'Manage the engine', entries: [events, info] },
};

/** Other names, not shown. */
export const aliases: Readonly<Record<string, string>> = {
  'container list': 'container ls',
  'container ps': 'container ls',
  'container remove': 'container rm',
  'image list': 'image ls',
  'checkpoint list': 'checkpoint ls',
  'checkpoint remove': 'checkpoint rm',
  'image remove': 'image rm',
  'network list': 'network ls',
  'network remove': 'network rm',
};

/** What `ns --help` shows, and what `ns NAME` calls. */
export const rootGroups: readonly Group[] = [
  {
    title: 'Common Commands',
    entries: [
      ...containerEntries.filter(({ name }) => name === 'run'),
      ...containerEntries.filter(({ name }) => name === 'exec'),
      ps,
      images,
      explain,
      version,
      info,
    ],
  },
  {
    title: 'Commands',
    entries: sorted([
      ...containerEntries.filter(({ name }) => !COMMON.has(name)),
      ...imageEntries,
      rmi,
      inspect,
      events,
    ]),
  },
];
