import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';

import { capabilitiesOf, capabilityNames } from '@ns/caps';
import { detect, hierarchyOf, type CgroupLayout } from '@ns/cgroups';

import { type CgroupSupport, NO_SUPPORT, supportOf } from './cgroup-support.js';

/** A device node. */
export interface DeviceNode {
  /** Without symbolic links. */
  readonly path: string;
  readonly type: 'b' | 'c';
  readonly major: number;
  readonly minor: number;
}

/** What is asked of this machine before a container is limited: things that its description alone does not tell. */
export interface Machine {
  readonly support: CgroupSupport;
  readonly cpuCount: number;
  /** The capabilities that this daemon has, without `CAP_`: nobody can be given others. */
  readonly capabilities: ReadonlySet<string>;
  /** Processors and memory nodes as lists, `0-3,5`; empty when it is not known. */
  readonly cpus: string;
  readonly mems: string;
  /** The device node of a path, `directory` for a directory, `other` for any other file; undefined: not there. */
  deviceAt(path: string): DeviceNode | 'directory' | 'other' | undefined;
  /** The names in a directory. */
  namesIn(directory: string): readonly string[];
}

/** This machine. Looked at once, but for its devices. */
export function thisMachine(): Machine {
  const layout = layoutIfAny();
  const sets = layout && hierarchyOf(layout, 'cpuset');
  const list = (name: string): string => {
    if (sets === undefined) return '';
    const file = sets.version === 2 ? `cpuset.${name}.effective` : `cpuset.effective_${name}`;
    return readIfAny(`${sets.mountPoint}/${file}`).trim();
  };
  return {
    support: layout === undefined ? NO_SUPPORT : supportOf(layout),
    cpuCount: availableParallelism(),
    capabilities: ownCapabilities(),
    cpus: list('cpus'),
    mems: list('mems'),
    deviceAt,
    namesIn: (directory) => readdirSync(directory),
  };
}

function ownCapabilities(): ReadonlySet<string> {
  try {
    return new Set(capabilityNames(capabilitiesOf().permitted));
  } catch {
    // Not a Linux with /proc.
    return new Set();
  }
}

function layoutIfAny(): CgroupLayout | undefined {
  try {
    const layout = detect();
    return layout.hierarchies.length === 0 ? undefined : layout;
  } catch {
    // Not a Linux with /proc: nothing can be limited.
    return undefined;
  }
}

function readIfAny(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function deviceAt(path: string): ReturnType<Machine['deviceAt']> {
  const info = statSync(path, { throwIfNoEntry: false });
  if (info === undefined) return undefined;
  if (info.isDirectory()) return 'directory';
  if (!info.isBlockDevice() && !info.isCharacterDevice()) return 'other';
  const type = info.isBlockDevice() ? 'b' : 'c';
  return { path: realpathSync(path), type, ...deviceNumber(info.rdev) };
}

/** See makedev(3): the halves are interleaved. */
export function deviceNumber(rdev: number): { major: number; minor: number } {
  const number = BigInt(rdev);
  return {
    major: Number(((number >> 8n) & 0xfffn) | ((number >> 32n) & 0xffff_f000n)),
    minor: Number((number & 0xffn) | ((number >> 12n) & 0xffff_ff00n)),
  };
}
