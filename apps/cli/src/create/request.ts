import { resolve } from 'node:path';

import type { ContainerConfig, ContainerCreateRequest, HostConfig } from '@ns/engine-api';

import type { Values } from '../flags/flag.js';
import { environment, type Environment } from './environment.js';
import type { CreateFlags } from './flags.js';
import { networkRequest } from './network.js';
import { resourcesOf } from './resources.js';
import { mapOf } from './values.js';

/** What a create request is made of. */
export interface CreateInput {
  readonly flags: Values<CreateFlags>;
  readonly given: ReadonlySet<string>;
  /** The image, unless there is `--rootfs`, and the command. */
  readonly args: readonly string[];
  readonly env: Environment;
  readonly cwd: string;
}

/**
 * The create request that a command line means.
 *
 * @throws `Error` for what does not go together, or cannot be read.
 */
export function createRequest({ flags, given, args, env, cwd }: CreateInput): ContainerCreateRequest {
  const rooted = flags.rootfs !== undefined;
  if (flags.rootfs === '') throw new Error('--rootfs: the directory is empty');
  const image = rooted ? '' : (args[0] ?? '');
  const command = rooted ? args : args.slice(1);
  if (!rooted && image.trim() === '') throw new Error('invalid reference format: the image is empty');
  if (rooted && command.length === 0 && (flags.entrypoint ?? '') === '') {
    throw new Error('--rootfs: a directory has no default command, give one');
  }
  if (flags.rm && flags.restart !== undefined && flags.restart.Name !== 'no') {
    throw new Error('conflicting options: cannot specify both --restart and --rm');
  }
  checkTargets(flags);
  const network = networkRequest(flags);
  return omitEmpty<ContainerCreateRequest>({
    Image: image,
    Cmd: command.length === 0 ? undefined : [...command],
    Env: environment(flags.envFile, flags.env, env),
    ...streams(flags),
    ...identity(flags, given),
    ...network.config,
    Volumes: Object.fromEntries(
      flags.volume.flatMap((one) => (one.kind === 'anonymous' ? [[one.target, {}] as const] : [])),
    ),
    HostConfig: hostConfig(flags, given, cwd),
    NetworkingConfig: network.networking,
  });
}

function streams(flags: Values<CreateFlags>): Partial<ContainerConfig> {
  const all = flags.attach.length === 0;
  const AttachStdin = flags.interactive || flags.attach.includes('stdin');
  return {
    AttachStdin,
    AttachStdout: all || flags.attach.includes('stdout'),
    AttachStderr: all || flags.attach.includes('stderr'),
    OpenStdin: flags.interactive,
    // Whoever starts it attached is the one whose end of input is the container's.
    StdinOnce: flags.interactive && AttachStdin,
    Tty: flags.tty,
  };
}

function identity(flags: Values<CreateFlags>, given: ReadonlySet<string>): Draft<ContainerConfig> {
  return {
    Hostname: flags.hostname,
    Domainname: flags.domainname,
    User: flags.user,
    WorkingDir: flags.workdir,
    // An empty one takes the image's away.
    Entrypoint: given.has('entrypoint') ? [flags.entrypoint ?? ''] : undefined,
    Labels: mapOf(flags.label),
    StopSignal: flags.stopSignal,
    StopTimeout: flags.stopTimeout,
  };
}

function hostConfig(flags: Values<CreateFlags>, given: ReadonlySet<string>, cwd: string): HostConfig {
  const unconfined = flags.securityOpt.includes('systempaths=unconfined');
  const host = omitEmpty<HostConfig>({
    ...resourcesOf(flags),
    Binds: flags.volume.flatMap((one) => (one.kind === 'bind' ? [one.bind] : [])),
    Mounts: [...flags.mount],
    Tmpfs: mapOf(flags.tmpfs),
    ContainerIDFile: flags.cidfile,
    AutoRemove: flags.rm,
    RestartPolicy: flags.restart,
    ...networkRequest(flags).host,
    PidMode: flags.pid,
    IpcMode: flags.ipc,
    UTSMode: flags.uts,
    UsernsMode: flags.userns,
    CgroupnsMode: flags.cgroupns as HostConfig['CgroupnsMode'],
    Privileged: flags.privileged ? true : undefined,
    CapAdd: [...flags.capAdd],
    CapDrop: [...flags.capDrop],
    GroupAdd: [...flags.groupAdd],
    OomScoreAdj: flags.oomScoreAdj,
    ReadonlyRootfs: flags.readOnly,
    SecurityOpt: flags.securityOpt.filter((option) => option !== 'systempaths=unconfined'),
    ShmSize: flags.shmSize,
    Sysctls: mapOf(flags.sysctl),
    Runtime: flags.runtime,
    LxcConf: flags.lxcConf.map(([Key, Value]) => ({ Key, Value })),
    Ulimits: [...flags.ulimit],
    Init: given.has('init') ? flags.init : undefined,
    NsRootfs: flags.rootfs === undefined ? undefined : resolve(cwd, flags.rootfs),
  });
  // Here an empty list means something: nothing is masked.
  return unconfined ? { ...host, MaskedPaths: [], ReadonlyPaths: [] } : host;
}

type Draft<T> = { [K in keyof T]?: T[K] | undefined };

/** Without what is undefined, or an empty list or map: the engine's defaults hold. */
export function omitEmpty<T extends object>(draft: Draft<T>): T {
  const kept = Object.entries(draft).filter(([, value]) => {
    if (value === undefined) return false;
    return typeof value !== 'object' || value === null || Object.keys(value).length > 0;
  });
  return Object.fromEntries(kept) as T;
}

/** @throws `Error` when two mounts have one place. */
function checkTargets(flags: Values<CreateFlags>): void {
  const targets = [
    ...flags.volume.map(({ target }) => target),
    ...flags.mount.map(({ Target = '' }) => Target),
    ...flags.tmpfs.map(([target]) => target),
  ].map((target) => target.replace(/\/+$/, ''));
  const twice = targets.find((target, i) => targets.indexOf(target) !== i);
  if (twice !== undefined) throw new Error(`duplicate mount point: ${twice}`);
}
