import type { Mount, MountPoint } from '@ns/engine-api';

import type { CheckedCreate } from './create-schema.js';
import { invalid } from './errors.js';
import {
  checkPropagation,
  checkTarget,
  parseBindMode,
  parseTmpfsOptions,
  splitOptions,
  type TmpfsSpec,
} from './mount-options.js';
import type { StoredMount } from './record.js';

/** What mounts need to know of the engine. */
export interface MountContext {
  /** A fresh volume's name and the directory of its content. Nothing is made yet. */
  readonly newVolume: () => { readonly name: string; readonly directory: string };
  /** The mounts of a container, by name or id (`--volumes-from`). */
  readonly mountsOf: (container: string) => readonly StoredMount[];
}

/**
 * Every mount that the request asks for, in order of their targets' depth.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a bad source or target, or a target that is given twice.
 */
export function planMounts(
  config: { readonly Volumes?: Readonly<Record<string, unknown>> | null | undefined },
  host: NonNullable<CheckedCreate['HostConfig']>,
  context: MountContext,
): StoredMount[] {
  const asked = [
    ...(host.Binds ?? []).map((text) => fromBind(text, context)),
    ...(host.Mounts ?? []).map((mount, index) => fromMount(`Mounts[${index}]`, mount, context)),
    ...Object.entries(host.Tmpfs ?? {}).map(([target, options]) =>
      tmpfs('Tmpfs', target, parseTmpfsOptions('Tmpfs', splitOptions(options))),
    ),
  ];
  const taken = new Set<string>();
  for (const { spec } of asked) {
    if (taken.has(spec.target)) throw invalid('HostConfig', `Duplicate mount point: ${spec.target}`);
    taken.add(spec.target);
  }
  // What others have, and what the image wants, gives way to what was asked for.
  const inherited = (host.VolumesFrom ?? []).flatMap((text) => fromContainer(text, context));
  const wanted = Object.keys(config.Volumes ?? {}).map((target) => ({
    target: checkTarget('Volumes', target),
  }));
  for (const mount of inherited) {
    if (taken.has(mount.spec.target)) continue;
    taken.add(mount.spec.target);
    asked.push(mount);
  }
  for (const { target } of wanted) {
    if (taken.has(target)) continue;
    taken.add(target);
    asked.push(anonymousVolume(target, false, context));
  }
  const depth = (mount: StoredMount): number => mount.spec.target.split('/').length;
  return asked.toSorted((a, b) => depth(a) - depth(b));
}

/** `source:target[:options]`, or a target alone. */
function fromBind(text: string, context: MountContext): StoredMount {
  const operation = `Binds '${text}'`;
  const parts = text.split(':');
  if (parts.length > 3 || parts.some((part) => part === '')) {
    throw invalid(
      operation,
      `invalid volume specification: '${text}'`,
      'The form is /source:/target[:options].',
    );
  }
  const [source, target, options = ''] = parts as [string, string?, string?];
  if (target === undefined) return anonymousVolume(checkTarget(operation, source), false, context);
  const { readonly, propagation } = parseBindMode(operation, options);
  checkSource(operation, source);
  return bind({
    source,
    target: checkTarget(operation, target),
    readonly,
    propagation,
    mode: options,
    makeSource: true,
  });
}

function checkSource(operation: string, source: string): void {
  if (source.includes('\0')) throw invalid(operation, 'the source holds a NUL');
  if (source.startsWith('/')) return;
  throw invalid(
    operation,
    `'${source}' is not an absolute path, and named volumes are not there yet`,
    'Give the absolute path of a directory of this machine.',
  );
}

function fromMount(operation: string, mount: Mount, context: MountContext): StoredMount {
  const target = checkTarget(operation, mount.Target ?? '');
  const readonly = mount.ReadOnly ?? false;
  switch (mount.Type) {
    case 'bind':
      return fromBindMount(operation, mount, target);
    case 'tmpfs': {
      if (mount.Source) throw invalid(operation, 'a tmpfs has no source');
      const options = mount.TmpfsOptions;
      return tmpfs(operation, target, {
        ...(readonly ? { readonly } : {}),
        ...(options?.SizeBytes ? { sizeBytes: options.SizeBytes } : {}),
        ...(options?.Mode ? { mode: options.Mode } : {}),
        ...parseTmpfsOptions(operation, (options?.Options ?? []) as [string, string?][]),
      });
    }
    case 'volume':
      if (mount.Source) {
        throw invalid(
          operation,
          `named volumes are not there yet: '${mount.Source}'`,
          'Leave the source out, or bind a directory.',
        );
      }
      return anonymousVolume(target, readonly, context);
    default:
      throw invalid(
        operation,
        `mount type '${mount.Type ?? ''}' is unknown`,
        'The types are bind, tmpfs and volume.',
      );
  }
}

function fromBindMount(operation: string, mount: Mount, target: string): StoredMount {
  const source = mount.Source ?? '';
  checkSource(operation, source);
  const options = mount.BindOptions;
  const readonly = mount.ReadOnly ?? false;
  return bind({
    source,
    target,
    readonly: readonly && options?.ReadOnlyNonRecursive ? 'non-recursive' : readonly,
    recursive: options?.NonRecursive ? false : undefined,
    propagation: checkPropagation(operation, options?.Propagation ?? ''),
    mode: '',
    makeSource: options?.CreateMountpoint ?? false,
  });
}

interface BindPlan {
  readonly source: string;
  readonly target: string;
  readonly readonly: boolean | 'non-recursive';
  readonly recursive?: boolean | undefined;
  readonly propagation: MountPoint['Propagation'] | undefined;
  readonly mode: string;
  readonly makeSource: boolean;
}

function bind(plan: BindPlan): StoredMount {
  const { source, target, readonly, recursive, propagation, makeSource } = plan;
  return {
    spec: {
      type: 'bind',
      source,
      target,
      ...(readonly ? { readonly } : {}),
      ...(recursive === undefined ? {} : { recursive }),
      ...(propagation ? { propagation } : {}),
    },
    point: {
      Type: 'bind',
      Source: source,
      Destination: target,
      Mode: plan.mode,
      RW: !readonly,
      Propagation: propagation ?? 'rprivate',
    },
    makeSource,
  };
}

function tmpfs(operation: string, target: string, options: Partial<TmpfsSpec>): StoredMount {
  const clean = checkTarget(operation, target);
  return {
    spec: { ...options, type: 'tmpfs', target: clean },
    point: {
      Type: 'tmpfs',
      Source: '',
      Destination: clean,
      Mode: '',
      RW: !options.readonly,
      Propagation: '',
    },
    makeSource: false,
  };
}

function anonymousVolume(target: string, readonly: boolean, context: MountContext): StoredMount {
  const { name, directory } = context.newVolume();
  return {
    spec: { type: 'bind', source: directory, target, ...(readonly ? { readonly } : {}) },
    point: {
      Type: 'volume',
      Name: name,
      Source: directory,
      Destination: target,
      Driver: 'local',
      Mode: '',
      RW: !readonly,
      Propagation: '',
    },
    makeSource: true,
  };
}

function fromContainer(text: string, context: MountContext): StoredMount[] {
  const [, container = '', mode] = /^([^:]*)(?::(ro|rw))?$/.exec(text) ?? [];
  if (container === '') {
    throw invalid('VolumesFrom', `invalid specification: '${text}'`, 'The form is container[:ro|rw].');
  }
  return context.mountsOf(container).map((mount) => {
    if (mode !== 'ro') return mount;
    return { ...mount, spec: { ...mount.spec, readonly: true }, point: { ...mount.point, RW: false } };
  });
}
