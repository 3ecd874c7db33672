import { resolve } from 'node:path';

import type {
  BindOptions,
  ImageOptions,
  Mount,
  MountPropagation,
  MountType,
  TmpfsOptions,
  VolumeOptions,
} from '@ns/engine-api';

import { parseBool } from '../flags/flag.js';
import { parseSize } from './size.js';
import { checkTarget, checkVolumeName } from './target.js';

const TYPES: readonly MountType[] = ['bind', 'volume', 'tmpfs', 'image'];
const PROPAGATIONS: readonly MountPropagation[] = [
  'private',
  'rprivate',
  'shared',
  'rshared',
  'slave',
  'rslave',
];

/**
 * Read a value of `--mount`: `type=bind,source=/src,target=/dst,readonly`. Values with commas are quoted as in CSV.
 *
 * @param cwd - What a source that begins with `.` is relative to.
 * @throws `Error`
 */
export function parseMount(spec: string, cwd: string): Mount {
  const mount: Draft = { Type: 'volume' };
  for (const field of csvFields(spec)) {
    const at = field.indexOf('=');
    const key = (at === -1 ? field : field.slice(0, at)).trim().toLowerCase();
    if (at === -1 && !SWITCHES.has(key)) throw new Error(`invalid field '${field}' must be a key=value pair`);
    const set = Object.hasOwn(SETTERS, key) ? SETTERS[key] : undefined;
    if (set === undefined) throw new Error(`unexpected key '${key}' in '${field}'`);
    set(mount, at === -1 ? 'true' : field.slice(at + 1), cwd);
  }
  return finish(mount);
}

/** A mount that is being read. */
interface Draft {
  Type: MountType;
  Source?: string;
  Target?: string;
  ReadOnly?: boolean;
  Consistency?: string;
  BindOptions?: BindOptions;
  VolumeOptions?: VolumeOptions & {
    Labels?: Record<string, string>;
    DriverConfig?: { Name?: string; Options?: Record<string, string> };
  };
  ImageOptions?: ImageOptions;
  TmpfsOptions?: TmpfsOptions;
}

type Setter = (mount: Draft, text: string, cwd: string) => void;

/** Keys that may stand alone. */
const SWITCHES = new Set(['readonly', 'ro', 'volume-nocopy', 'bind-nonrecursive', 'bind-create-src']);

const flag = (key: string, text: string): boolean => {
  try {
    return parseBool(text);
  } catch (cause) {
    throw new Error(`invalid value for ${key}: ${text}`, { cause });
  }
};

const pair = (text: string): Record<string, string> => {
  const [name = '', ...rest] = text.split('=');
  return name === '' ? {} : { [name]: rest.join('=') };
};

const type: Setter = (mount, text) => {
  const found = TYPES.find((known) => known === text.toLowerCase());
  if (found === undefined) throw new Error(`invalid mount type: '${text}': it is one of ${TYPES.join(', ')}`);
  mount.Type = found;
};
const source: Setter = (mount, text, cwd) =>
  (mount.Source = /^\.(\/|$)/.test(text) ? resolve(cwd, text) : text);
const target: Setter = (mount, text) => (mount.Target = text);
const readonly: Setter = (mount, text) => (mount.ReadOnly = flag('readonly', text));

const SETTERS: Readonly<Record<string, Setter>> = {
  type,
  source,
  src: source,
  target,
  dst: target,
  destination: target,
  readonly,
  ro: readonly,
  consistency: (mount, text) => (mount.Consistency = text.toLowerCase()),
  'bind-propagation': (mount, text) => {
    const found = PROPAGATIONS.find((known) => known === text.toLowerCase());
    if (found === undefined) throw new Error(`invalid propagation mode: ${text}`);
    mount.BindOptions = { ...mount.BindOptions, Propagation: found };
  },
  'bind-nonrecursive': (mount, text) =>
    (mount.BindOptions = { ...mount.BindOptions, NonRecursive: flag('bind-nonrecursive', text) }),
  'bind-create-src': (mount, text) =>
    (mount.BindOptions = { ...mount.BindOptions, CreateMountpoint: flag('bind-create-src', text) }),
  'bind-recursive': (mount, text) => (mount.BindOptions = { ...mount.BindOptions, ...recursion(text) }),
  'volume-nocopy': (mount, text) =>
    (mount.VolumeOptions = { ...mount.VolumeOptions, NoCopy: flag('volume-nocopy', text) }),
  'volume-subpath': (mount, text) => (mount.VolumeOptions = { ...mount.VolumeOptions, Subpath: text }),
  'volume-label': (mount, text) =>
    (mount.VolumeOptions = {
      ...mount.VolumeOptions,
      Labels: { ...mount.VolumeOptions?.Labels, ...pair(text) },
    }),
  'volume-driver': (mount, text) => setDriver(mount, { Name: text }),
  'volume-opt': (mount, text) =>
    setDriver(mount, { Options: { ...mount.VolumeOptions?.DriverConfig?.Options, ...pair(text) } }),
  'image-subpath': (mount, text) => (mount.ImageOptions = { Subpath: text }),
  'tmpfs-size': (mount, text) => (mount.TmpfsOptions = { ...mount.TmpfsOptions, SizeBytes: parseSize(text) }),
  'tmpfs-mode': (mount, text) => {
    if (!/^[0-7]{1,5}$/.test(text)) throw new Error(`invalid value for tmpfs-mode: ${text}`);
    mount.TmpfsOptions = { ...mount.TmpfsOptions, Mode: Number.parseInt(text, 8) };
  },
};

function setDriver(mount: Draft, driver: { Name?: string; Options?: Record<string, string> }): void {
  mount.VolumeOptions = {
    ...mount.VolumeOptions,
    DriverConfig: { ...mount.VolumeOptions?.DriverConfig, ...driver },
  };
}

function recursion(text: string): BindOptions {
  switch (text) {
    case 'enabled':
      return {};
    case 'disabled':
      return { NonRecursive: true };
    case 'writable':
      return { ReadOnlyNonRecursive: true };
    case 'readonly':
      return { ReadOnlyForceRecursive: true };
    default:
      throw new Error(
        `invalid value for bind-recursive: ${text} (must be "enabled", "disabled", "writable", or "readonly")`,
      );
  }
}

function finish(mount: Draft): Mount {
  const { Type, BindOptions: bind } = mount;
  checkTarget(mount.Target ?? '');
  const mixed: [string, unknown, MountType][] = [
    ['volume', mount.VolumeOptions, 'volume'],
    ['bind', bind, 'bind'],
    ['tmpfs', mount.TmpfsOptions, 'tmpfs'],
    ['image', mount.ImageOptions, 'image'],
  ];
  const wrong = mixed.find(([, options, own]) => options !== undefined && own !== Type);
  if (wrong !== undefined) throw new Error(`cannot mix '${wrong[0]}-*' options with mount type '${Type}'`);
  checkSource(mount);
  if (bind?.ReadOnlyForceRecursive === true || bind?.ReadOnlyNonRecursive === true) {
    const word = bind.ReadOnlyForceRecursive === true ? 'readonly' : 'writable';
    if (mount.ReadOnly !== true)
      throw new Error(`option 'bind-recursive=${word}' requires 'readonly' to be specified in conjunction`);
    if (word === 'readonly' && bind.Propagation !== 'rprivate') {
      throw new Error(
        "option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction",
      );
    }
  }
  return mount;
}

function checkSource({ Type, Source = '' }: Draft): void {
  switch (Type) {
    case 'bind':
      if (Source === '') throw new Error('source is required');
      if (!Source.startsWith('/'))
        throw new Error(`invalid mount path: '${Source}' mount path must be absolute`);
      return;
    case 'image':
      if (Source === '') throw new Error('source is required');
      return;
    case 'tmpfs':
      if (Source !== '') throw new Error('source must not be specified for a tmpfs');
      return;
    default:
      if (Source !== '') checkVolumeName(Source);
  }
}

/** The fields of one line of CSV: `a,"b,c",d`. */
function csvFields(line: string): string[] {
  if (line.includes('\n')) throw new Error('a mount is one line');
  const fields = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"(?=,|$)|([^,]*))/g)].map(
    ([, quoted, bare = '']) => quoted?.replaceAll('""', '"') ?? bare,
  );
  const stray = fields.find((field) => field.startsWith('"'));
  if (stray !== undefined || line === '')
    throw new Error(`invalid mount ${JSON.stringify(line)}: expected key=value pairs`);
  return fields;
}
