import { readFileSync } from 'node:fs';

import type { Resources } from '@ns/cgroups';

import { defineCommand, type Command, type Invocation } from '../command-line/command.js';
import type { Flags, Values } from '../command-line/flag.js';
import { usage } from '../command-line/parse.js';
import { parseSize } from '../command-line/size.js';
import { unsupported } from '../config/invalid.js';
import { parseJson } from '../config/json.js';
import { readJsonFile } from '../config/load.js';
import { readResources } from '../config/resources.js';
import { check } from '../config/schema/config.js';
import { resourcesSchema, type OciLimits } from '../config/schema/resources.js';
import { runningCgroup } from '../report/running.js';

const flags = {
  resources: {
    kind: 'text',
    short: 'r',
    help: "file with limits as JSON, or '-' for the standard input; other flags are ignored then",
  },
  'blkio-weight': { kind: 'number', help: 'weight of input and output, 10 to 1000' },
  'cpu-period': { kind: 'text', help: 'period of the quota, in microseconds' },
  'cpu-quota': { kind: 'text', help: 'processor time in a period, in microseconds; -1 for no limit' },
  'cpu-burst': { kind: 'text', help: 'quota that may be saved, in microseconds' },
  'cpu-share': { kind: 'text', help: 'shares of the processors' },
  'cpu-rt-period': { kind: 'text', help: 'period of real-time processes, in microseconds' },
  'cpu-rt-runtime': {
    kind: 'text',
    help: 'processor time of real-time processes in a period, in microseconds',
  },
  'cpu-idle': { kind: 'text', help: '1: run only when nobody else wants to' },
  'cpuset-cpus': { kind: 'text', help: 'processors to use: 0-3,7' },
  'cpuset-mems': { kind: 'text', help: 'memory nodes to use' },
  'kernel-memory': { kind: 'text', help: 'ignored: kernels do not limit it any more' },
  'kernel-memory-tcp': { kind: 'text', help: 'ignored: kernels do not limit it any more' },
  memory: { kind: 'text', help: 'limit of memory, in bytes or with a unit; -1 for none' },
  'memory-reservation': { kind: 'text', help: 'soft limit of memory' },
  'memory-swap': { kind: 'text', help: 'limit of memory and swap together; -1 for none' },
  'pids-limit': { kind: 'number', help: 'number of processes; -1 for no limit' },
  'l3-cache-schema': { kind: 'text', help: 'Intel RDT: not supported' },
  'mem-bw-schema': { kind: 'text', help: 'Intel RDT: not supported' },
} as const satisfies Flags;

/** `ns-oci update`. */
export const command: Command = defineCommand({
  summary: 'Change the limits of a container that runs. What is not said stays as it is.',
  usage: '<container-id>',
  flags,
  args: [1, 1],
  async run(invocation) {
    const { global, args } = invocation;
    const [id = ''] = args;
    const resources = requested(invocation);
    const { cgroup, record } = runningCgroup('update', global.root, id);
    if (record.systemd_unit !== undefined) {
      const { updateUnit } = await import('../systemd/unit.js');
      await updateUnit(record.systemd_unit, resources);
    }
    cgroup.update(resources);
    return 0;
  },
});

/** The limits that are asked for; devices stay, as with runc: whatever gave some in the meantime would be undone. */
function requested({ flags: values, warn }: Invocation<typeof flags>): Resources {
  for (const name of ['l3-cache-schema', 'mem-bw-schema'] as const) {
    if ((values[name] ?? '') !== '')
      throw unsupported(`--${name}`, 'this runtime does not set Intel RDT classes', undefined, 'update');
  }
  for (const name of ['kernel-memory', 'kernel-memory-tcp'] as const) {
    if ((values[name] ?? '') !== '') warn(`--${name} is ignored: kernels do not limit it any more`);
  }
  const { resources = '' } = values;
  const limits = resources === '' ? limitsOfFlags(values) : limitsOfFile(resources);
  const { memory } = limits;
  // Without a limit of memory there is none of both together, or the one would be above the other.
  const isFreed = memory?.limit !== undefined && memory.limit < 0 && memory.swap === undefined;
  const { devices: _, ...others } = readResources(
    isFreed ? { ...limits, memory: { ...memory, swap: -1 } } : limits,
    resources === '' ? '' : 'resources',
    'update',
  );
  return others;
}

function limitsOfFile(path: string): OciLimits {
  const bytes = path === '-' ? readFileSync(0) : readJsonFile(path, 'resources');
  return check(resourcesSchema, parseJson('resources', bytes), 'resources', 'update');
}

function limitsOfFlags(values: Values<typeof flags>): OciLimits {
  const number = (
    name:
      | 'cpu-period'
      | 'cpu-quota'
      | 'cpu-burst'
      | 'cpu-share'
      | 'cpu-rt-period'
      | 'cpu-rt-runtime'
      | 'cpu-idle',
  ): number | undefined => {
    const text = values[name] ?? '';
    if (text === '') return undefined;
    if (/^-?\d{1,15}$/.test(text)) return Number(text);
    throw usage('update', `invalid value for ${name}: ${JSON.stringify(text)} is no number`);
  };
  const size = (name: 'memory' | 'memory-reservation' | 'memory-swap'): number | undefined => {
    const text = values[name] ?? '';
    if (text === '') return undefined;
    const bytes = parseSize(text);
    if (bytes !== undefined) return bytes;
    throw usage('update', `invalid value for ${name}: ${JSON.stringify(text)} is no size`);
  };
  const weight = values['blkio-weight'];
  const pids = values['pids-limit'];
  // Checked as if they stood in a file.
  const limits = {
    memory: { limit: size('memory'), reservation: size('memory-reservation'), swap: size('memory-swap') },
    cpu: {
      period: number('cpu-period'),
      quota: number('cpu-quota'),
      burst: number('cpu-burst'),
      shares: number('cpu-share'),
      realtimePeriod: number('cpu-rt-period'),
      realtimeRuntime: number('cpu-rt-runtime'),
      idle: number('cpu-idle'),
      cpus: values['cpuset-cpus'],
      mems: values['cpuset-mems'],
    },
    ...(weight !== undefined && { blockIO: { weight } }),
    ...(pids !== undefined && { pids: { limit: pids } }),
  };
  return check(resourcesSchema, limits, '', 'update');
}
