import { posix } from 'node:path';

import { ALL_DEVICES, type DeviceRule, DOCKER_DEFAULT_DEVICES, parseDeviceRule } from '@ns/cgroups';
import type { DeviceMapping, HostConfig } from '@ns/engine-api';
import type { MountSpec } from '@ns/execdriver';

import { invalid } from './errors.js';
import type { DeviceNode, Machine } from './machine.js';
import { checkTarget } from './mount-options.js';

/** The devices a container gets: nodes of the host's that are bound into it, and what it may do with which. */
export interface DevicePlan {
  readonly mounts: readonly MountSpec[];
  /** Undefined: Docker's default list. */
  readonly rules?: readonly DeviceRule[];
}

/** Every container has its own of these in `/dev`. */
const OWN = new Set(
  'console core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero'.split(' '),
);
const DEFAULT_ACCESS = 'rwm';

type Asked = Pick<HostConfig, 'Devices' | 'DeviceCgroupRules' | 'DeviceRequests' | 'Privileged'>;

/**
 * `--device`, `--device-cgroup-rule` and `--privileged`.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a device there is not, and for a rule that is none.
 */
export function planDevices(host: Asked, machine: Machine): DevicePlan {
  refuseRequests(host);
  const nodes = (host.Devices ?? []).flatMap((device) => mapped(device, machine));
  const given = (host.DeviceCgroupRules ?? []).map(ruleOf);
  if (host.Privileged) {
    const targets = new Set(nodes.map(({ mount }) => mount.target));
    const others = hostNodes('/dev', machine, 0).filter(({ target }) => !targets.has(target));
    return { mounts: [...others, ...nodes.map(({ mount }) => mount)], rules: ALL_DEVICES };
  }
  const rules = [...nodes.map(({ rule }) => rule), ...given];
  return {
    mounts: nodes.map(({ mount }) => mount),
    ...(rules.length === 0 ? {} : { rules: [...DOCKER_DEFAULT_DEVICES, ...rules] }),
  };
}

type BindMount = Extract<MountSpec, { type: 'bind' }>;

interface Mapped {
  readonly mount: BindMount;
  readonly rule: DeviceRule;
}

/** One node, or all of a directory. */
function mapped(device: DeviceMapping, machine: Machine): Mapped[] {
  const source = checkTarget('Devices', device.PathOnHost);
  const target = checkTarget('Devices', device.PathInContainer || source);
  const access = device.CgroupPermissions || DEFAULT_ACCESS;
  if (!/^[rwm]{1,3}$/.test(access)) {
    throw invalid('Devices', `invalid device mode: ${access}`, 'Give some of r, w and m.');
  }
  const found = machine.deviceAt(source);
  if (found === undefined) throw noDevice(source, 'no such file or directory');
  if (found === 'other') throw noDevice(source, 'not a device node');
  const nodes =
    found === 'directory'
      ? below(source, machine, 0).map(({ name, node }) => one(node, posix.join(target, name), access))
      : [one(found, target, access)];
  if (nodes.length === 0) throw noDevice(source, 'a directory without device nodes');
  return nodes;
}

const one = ({ path, type, major, minor }: DeviceNode, target: string, access: string): Mapped => ({
  mount: { type: 'bind', source: path, target },
  rule: { allow: true, type, major, minor, access },
});

const MOST_LEVELS = 8;

/** The device nodes below a directory, with their paths relative to it. */
function below(
  directory: string,
  machine: Machine,
  level: number,
): { readonly name: string; readonly node: DeviceNode }[] {
  return machine.namesIn(directory).flatMap((name) => {
    const path = posix.join(directory, name);
    const node = machine.deviceAt(path);
    if (node === undefined || node === 'other') return [];
    // Devices are not nested as deep: it is a symbolic link that leads upward.
    if (node === 'directory') {
      if (level >= MOST_LEVELS) return [];
      return below(path, machine, level + 1).map((inner) => ({
        ...inner,
        name: posix.join(name, inner.name),
      }));
    }
    return [{ name, node }];
  });
}

/** The host's devices, without those that a container has of its own, and without other names of the same node. */
function hostNodes(directory: string, machine: Machine, level: number): BindMount[] {
  return machine.namesIn(directory).flatMap((name): BindMount[] => {
    if (level === 0 && OWN.has(name)) return [];
    const path = posix.join(directory, name);
    const node = machine.deviceAt(path);
    if (node === undefined || node === 'other') return [];
    if (node === 'directory') return level >= MOST_LEVELS ? [] : hostNodes(path, machine, level + 1);
    return node.path === path ? [{ type: 'bind', source: path, target: path }] : [];
  });
}

function ruleOf(text: string): DeviceRule {
  try {
    return parseDeviceRule(text);
  } catch {
    throw invalid(
      'HostConfig.DeviceCgroupRules',
      `invalid device cgroup rule format: '${text}'`,
      'A rule is TYPE MAJOR:MINOR ACCESS: c 1:3 rwm, b 8:* r.',
    );
  }
}

function refuseRequests({ DeviceRequests }: Asked): void {
  const [request] = DeviceRequests ?? [];
  if (request === undefined) return;
  const capabilities = (request.Capabilities ?? []).map((all) => `[${all.join(' ')}]`).join(' ');
  throw invalid(
    'HostConfig.DeviceRequests',
    `could not select device driver "${request.Driver ?? ''}" with capabilities: [${capabilities}]`,
    'There are no device drivers here: name the nodes with --device.',
  );
}

const noDevice = (path: string, fact: string): Error =>
  invalid(
    'Devices',
    `error gathering device information while adding custom device "${path}": ${fact}`,
    'Name a device node of the host, or a directory with some.',
  );
