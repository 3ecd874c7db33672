import { parseCapability } from '@ns/caps';
import type { ProcessSpec, Rlimit } from '@ns/execdriver';
import { IOPRIO_CLASS, RLIMIT, SCHED, SCHED_FLAG } from '@ns/syscall';
import type { DockerProfile } from '@ns/seccomp';

import type { CapabilitySets, CpuAffinity, IoPriority, ProcessPlan, Scheduler } from '../plan.js';
import { invalid, show } from './invalid.js';
import { check } from './schema/config.js';
import { processSchema, type OciProcess } from './schema/process.js';

/** The kernel's own limit for one string of execve(2). */
const MAX_STRING = 128 * 1024;
/** The kernel's limit for all of them together, and their pointers: three quarters of 8 MiB. */
const MAX_STRINGS = 6 * 1024 * 1024;

/** What a process has from its container. */
export interface ProcessSurroundings {
  readonly seccomp: DockerProfile | undefined;
  /** Told of what is left out. */
  readonly warn: (message: string) => void;
  /** Where the process stands, for messages: `process`. */
  readonly field?: string;
}

/** As {@link planProcess}, of what a file has: that of `exec --process`. */
export const planProcessFile = (value: unknown, surroundings: ProcessSurroundings): ProcessPlan =>
  planProcess(check(processSchema, value, surroundings.field ?? 'process'), surroundings);

/**
 * Translate `process`.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function planProcess(process: OciProcess, surroundings: ProcessSurroundings): ProcessPlan {
  const { field = 'process', warn } = surroundings;
  checkStrings(process, field);
  const { uid = 0, gid = 0, umask, additionalGids = [] } = process.user ?? {};
  const terminal = process.terminal ?? false;
  const { height = 0, width = 0 } = process.consoleSize ?? {};
  const consoleSize = height > 0 && width > 0 ? { rows: height, columns: width } : undefined;
  const capabilities = capabilitySets(process.capabilities ?? {}, field, warn);
  const spec: ProcessSpec = {
    args: process.args,
    env: process.env ?? [],
    cwd: process.cwd,
    user: `${uid}:${gid}`,
    groups: additionalGids.map(String),
    capabilities: capabilities.bounding,
    noNewPrivileges: process.noNewPrivileges ?? false,
    seccomp: surroundings.seccomp ?? 'unconfined',
    rlimits: rlimits(process.rlimits ?? [], `${field}.rlimits`),
    ...(terminal
      ? { terminal: consoleSize ?? { rows: 0, columns: 0 } }
      : { stdio: [{ fd: 0 }, { fd: 1 }, { fd: 2 }] as const }),
    ...(process.apparmorProfile ? { apparmor: process.apparmorProfile } : {}),
    ...(process.oomScoreAdj !== undefined && { oomScoreAdj: process.oomScoreAdj }),
    ...(umask !== undefined && { umask }),
  };
  return {
    spec,
    uid,
    gid,
    terminal,
    consoleSize,
    capabilities,
    scheduler: scheduler(process.scheduler, `${field}.scheduler`),
    ioPriority: ioPriority(process.ioPriority),
    execCpuAffinity: cpuAffinity(process.execCPUAffinity, `${field}.execCPUAffinity`),
    selinuxLabel: process.selinuxLabel || undefined,
  };
}

function checkStrings({ args, env = [] }: OciProcess, field: string): void {
  if (args.length === 0 || args[0] === '') throw invalid(`${field}.args`, 'no command is named');
  let total = 0;
  for (const [name, strings] of Object.entries({ args, env })) {
    strings.forEach((string, index) => {
      const bytes = Buffer.byteLength(string) + 1;
      if (bytes > MAX_STRING) {
        throw invalid(
          `${field}.${name}[${index}]`,
          `${bytes} bytes are more than the kernel's ${MAX_STRING}`,
        );
      }
      total += bytes + 8;
    });
  }
  if (total > MAX_STRINGS) {
    throw invalid(
      `${field}.env`,
      `${total} bytes of arguments and variables are more than the kernel's ${MAX_STRINGS}`,
    );
  }
  env.forEach((variable, index) => {
    if (!/^[^=]+=/.test(variable))
      throw invalid(`${field}.env[${index}]`, `${show(variable)} does not read NAME=value`);
  });
}

const SETS = ['bounding', 'effective', 'permitted', 'inheritable', 'ambient'] as const;

function capabilitySets(
  given: NonNullable<OciProcess['capabilities']>,
  field: string,
  warn: (message: string) => void,
): CapabilitySets {
  const read = (set: (typeof SETS)[number]): string[] => {
    const known = (given[set] ?? []).flatMap((name, index) => {
      try {
        return [parseCapability(name)];
      } catch {
        // The specification asks for a warning, not for an error: the name may be a newer kernel's.
        warn(`${field}.capabilities.${set}[${index}]: unknown capability ${show(name)} is ignored`);
        return [];
      }
    });
    return [...new Set(known)];
  };
  const sets = Object.fromEntries(SETS.map((set) => [set, read(set)])) as Record<
    (typeof SETS)[number],
    string[]
  >;
  const excess = sets.effective.find((name) => !sets.permitted.includes(name));
  if (excess !== undefined) {
    throw invalid(`${field}.capabilities.effective`, `CAP_${excess} is not permitted`, 'add it to permitted');
  }
  const raisable = sets.ambient.filter(
    (name) => sets.permitted.includes(name) && sets.inheritable.includes(name),
  );
  if (raisable.length < sets.ambient.length) {
    // Configurations like that are common, runc's own first one is: the kernel would refuse each of them.
    warn(`${field}.capabilities.ambient: what is not both permitted and inheritable is left out`);
  }
  return { ...sets, ambient: raisable };
}

function rlimits(limits: NonNullable<OciProcess['rlimits']>, field: string): Rlimit[] {
  const seen = new Set<string>();
  return limits.map(({ type, soft, hard }, index) => {
    const place = `${field}[${index}]`;
    if (!Object.hasOwn(RLIMIT, type)) {
      throw invalid(
        `${place}.type`,
        `${show(type)} is not known`,
        `one of ${Object.keys(RLIMIT).join(', ')}`,
      );
    }
    if (seen.has(type)) throw invalid(`${place}.type`, `${type} is set twice`);
    seen.add(type);
    if (soft > hard) throw invalid(`${place}.soft`, `${soft} is above the hard limit, ${hard}`);
    return { name: type.slice('RLIMIT_'.length).toLowerCase(), soft: rlimit(soft), hard: rlimit(hard) };
  });
}

/** 2^64 - 1 is the kernel's "no limit"; nothing that exists comes near to 2^53. */
const rlimit = (value: number | bigint): Rlimit['soft'] =>
  value > Number.MAX_SAFE_INTEGER ? 'unlimited' : Number(value);

function scheduler(given: OciProcess['scheduler'], field: string): Scheduler | undefined {
  if (given === undefined) return undefined;
  const { policy, nice = 0, priority = 0, flags = [], runtime = 0, deadline = 0, period = 0 } = given;
  if (policy === 'SCHED_ISO') throw invalid(`${field}.policy`, 'SCHED_ISO is reserved and in no kernel');
  const isRealTime = policy === 'SCHED_FIFO' || policy === 'SCHED_RR';
  if (priority !== 0 && !isRealTime) {
    throw invalid(`${field}.priority`, `${priority} with ${policy}`, 'only SCHED_FIFO and SCHED_RR have one');
  }
  if (policy !== 'SCHED_DEADLINE') {
    for (const [name, value] of Object.entries({ runtime, deadline, period })) {
      if (BigInt(value) !== 0n)
        throw invalid(`${field}.${name}`, `${value} with ${policy}`, 'only SCHED_DEADLINE has one');
    }
  }
  return {
    policy: policy === 'SCHED_OTHER' ? SCHED.SCHED_NORMAL : SCHED[policy],
    flags: flags.reduce((mask, flag) => mask | SCHED_FLAG[flag], 0),
    nice,
    priority,
    runtime: BigInt(runtime),
    deadline: BigInt(deadline),
    period: BigInt(period),
  };
}

const ioPriority = (given: OciProcess['ioPriority']): IoPriority | undefined =>
  given === undefined ? undefined : { class: IOPRIO_CLASS[given.class], priority: given.priority ?? 0 };

function cpuAffinity(given: OciProcess['execCPUAffinity'], field: string): CpuAffinity | undefined {
  if (given === undefined) return undefined;
  for (const [name, list = ''] of Object.entries(given)) {
    // Linux knows 8192 processors at most.
    if (list === '' || /^\d{1,4}(-\d{1,4})?(,\d{1,4}(-\d{1,4})?)*$/.test(list)) continue;
    throw invalid(`${field}.${name}`, `${show(list)} is no list of processors`, 'for example 0-3,7');
  }
  return { initial: given.initial || undefined, final: given.final || undefined };
}
