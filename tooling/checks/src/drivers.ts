import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Abilities, DriverInfo, DriverModule } from '@ns/execdriver';

import { packages, ROOT } from './tree.ts';

/** What a driver declares, under the name that its column has. */
export interface Column {
  readonly name: string;
  /** Relative to the root. */
  readonly folder: string;
  readonly abilities: Abilities;
}

/** How each ability reads, in the order of the rows. Complete by its type. */
const WORDS: Readonly<Record<keyof Abilities, string>> = {
  namespaces: 'namespace',
  joinNamespaces: 'namespaces of the host, of others, by path',
  ownKernel: 'a kernel of its own',
  roots: 'root',
  readonlyRoot: 'read-only root (`--read-only`)',
  mounts: 'mount',
  idMappedMounts: 'id-mapped mounts',
  terminal: 'terminal (`-t`)',
  exec: '`exec`',
  signals: 'signals (`kill`)',
  user: 'users and groups (`-u`)',
  capabilities: 'capabilities, no_new_privs',
  seccomp: 'seccomp profiles',
  apparmor: 'AppArmor profiles',
  rlimits: 'rlimits (`--ulimit`)',
  umask: 'an umask other than 022',
  resources: 'limits, devices, statistics (`-m`, `--cpus`, `stats`)',
  pause: '`pause`',
  sysctls: 'sysctls',
  network: 'interfaces of its own',
  init: '`--init`',
  hostname: 'host name (`-h`)',
  adopt: 'outlives the daemon, and is adopted',
  checkpoint: 'checkpoints, where CRIU works',
  driverConfig: 'settings in its own words (`--lxc-conf`)',
};

const LISTS = {
  namespaces: ['mnt', 'pid', 'uts', 'ipc', 'net', 'user', 'cgroup', 'time'],
  roots: ['directory', 'overlay'],
  mounts: ['bind', 'tmpfs'],
} as const satisfies { readonly [Key in 'namespaces' | 'roots' | 'mounts']: Abilities[Key] };

/** Settings with which a driver declares other abilities than without, and how its column is called then. */
const VARIANTS: Readonly<
  Record<string, readonly (readonly [name: string, settings: Record<string, string>])[]>
> = {
  'packages/driver-oci': [
    ['oci (runc)', { path: '/bin/true', dialect: 'runc' }],
    ['oci (crun)', { path: '/bin/true', dialect: 'crun' }],
    ['oci (runsc)', { path: '/bin/true', dialect: 'runsc' }],
  ],
};

/** All drivers of this repository: the native one, then the packages in their order. */
export async function columns(): Promise<Column[]> {
  const native = await load('packages/execdriver', 'nativeModule');
  const folders = packages('packages')
    .map(({ folder }) => folder)
    .filter((folder) => folder.startsWith('packages/driver-'));
  const others = folders.map(async (folder) => columnsOf(folder, await load(folder, 'driver')));
  return [column('packages/execdriver', native.info), ...(await Promise.all(others)).flat()];
}

function columnsOf(folder: string, module: DriverModule): Column[] {
  const variants = VARIANTS[folder] ?? [];
  if (variants.length === 0) return [column(folder, module.info)];
  return variants.map(([name, settings]) =>
    column(folder, module.create({ stateRoot: '/nonexistent', settings }).info, name),
  );
}

const column = (folder: string, info: DriverInfo, name: string = info.name): Column => ({
  folder,
  name,
  abilities: info.abilities,
});

async function load(folder: string, name: string): Promise<DriverModule> {
  const module: unknown = await import(pathToFileURL(join(ROOT, folder, 'src/index.ts')).href);
  return (module as Readonly<Record<string, DriverModule>>)[name]!;
}

/** The drivers by name, and the table: a row for each ability, a column for each driver. As Markdown. */
export function table(drivers: readonly Column[]): string {
  const links = drivers.map(({ name, folder }) => `[${name}](../${folder}/README.md)`);
  const rows = (Object.keys(WORDS) as (keyof Abilities)[]).flatMap((ability) => rowsOf(ability, drivers));
  const lines = [['', ...drivers.map(({ name }) => name)], ['---', ...links.map(() => ':-:')], ...rows];
  return `${links.join(', ')}.\n\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`;
}

function rowsOf(ability: keyof Abilities, drivers: readonly Column[]): string[][] {
  const row = (words: string, has: (abilities: Abilities) => boolean): string[] => [
    words,
    ...drivers.map(({ abilities }) => (has(abilities) ? 'yes' : '–')),
  ];
  if (ability !== 'namespaces' && ability !== 'roots' && ability !== 'mounts') {
    return [row(WORDS[ability], (abilities) => abilities[ability] ?? ability === 'umask')];
  }
  return LISTS[ability].map((item) =>
    row(`${WORDS[ability]} \`${item}\``, (abilities) =>
      (abilities[ability] as readonly string[]).includes(item),
    ),
  );
}

const BEGIN = '<!-- drivers: written by ./dev docs -->';
const END = '<!-- /drivers -->';

/** A document with the table in its place. */
export function withTable(document: string, text: string): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/drivers.md: no place for the table, ${BEGIN} … ${END}`);
  return `${document.slice(0, begin)}${BEGIN}\n\n${text}\n\n${document.slice(end)}`;
}

/** A document as it is compared: how wide the columns are does not matter. */
export const essenceOf = (document: string): string =>
  document.replaceAll(/ *\| */g, '|').replaceAll(/\|:?-+:?(?=\|)/g, '|-');
