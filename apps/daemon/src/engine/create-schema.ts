import type {
  ContainerCreateRequest,
  ContainerUpdateRequest,
  ExecCreateRequest,
  ExecStartRequest,
} from '@ns/engine-api';
import * as v from 'valibot';

import { invalid } from './errors.js';

/** Go writes `null` for an empty list or map, and clients leave out what they do not know: both are absent. */
const optional = <T extends v.GenericSchema>(schema: T) =>
  v.pipe(
    v.nullish(schema),
    v.transform((value) => value ?? undefined),
  );

/** The kernel ends every text at its first NUL: none of ours may hold one. */
const text = v.pipe(
  v.string(),
  v.check((value) => !value.includes('\0'), 'holds a NUL'),
);
const flag = v.boolean();
const list = v.array(text);
const map = v.record(text, text);
const set = v.record(v.string(), v.unknown());

/** A whole number that JSON and JavaScript keep exactly. */
const integer = v.pipe(v.number(), v.safeInteger());
/** For limits, where 0 means none. */
const count = v.pipe(integer, v.minValue(0));
/** A limit where -1 also means none. */
const limit = v.pipe(integer, v.minValue(-1));
const size = v.tuple([count, count]);

const mount = v.looseObject({
  Type: optional(text),
  Source: optional(text),
  Target: optional(text),
  ReadOnly: optional(flag),
  BindOptions: optional(
    v.looseObject({
      Propagation: optional(text),
      NonRecursive: optional(flag),
      CreateMountpoint: optional(flag),
      ReadOnlyNonRecursive: optional(flag),
      ReadOnlyForceRecursive: optional(flag),
    }),
  ),
  VolumeOptions: optional(v.looseObject({ NoCopy: optional(flag), Subpath: optional(text) })),
  TmpfsOptions: optional(
    v.looseObject({ SizeBytes: optional(count), Mode: optional(count), Options: optional(v.array(list)) }),
  ),
});

const rates = v.array(v.looseObject({ Path: text, Rate: count }));

/** What a container may use, and when it is started again: what an update may change, and more. */
const resources = {
  CpuShares: optional(count),
  CpuPeriod: optional(count),
  CpuQuota: optional(limit),
  CpuRealtimePeriod: optional(count),
  CpuRealtimeRuntime: optional(count),
  CpusetCpus: optional(text),
  CpusetMems: optional(text),
  NanoCpus: optional(count),
  BlkioWeight: optional(count),
  BlkioWeightDevice: optional(v.array(v.looseObject({ Path: text, Weight: count }))),
  BlkioDeviceReadBps: optional(rates),
  BlkioDeviceWriteBps: optional(rates),
  BlkioDeviceReadIOps: optional(rates),
  BlkioDeviceWriteIOps: optional(rates),
  Memory: optional(count),
  MemoryReservation: optional(count),
  MemorySwap: optional(limit),
  MemorySwappiness: optional(limit),
  OomKillDisable: optional(flag),
  PidsLimit: optional(limit),
  RestartPolicy: optional(v.looseObject({ Name: optional(text), MaximumRetryCount: optional(integer) })),
};

const updateRequest = v.looseObject(resources);

const hostConfig = v.looseObject({
  ...resources,
  Binds: optional(list),
  Mounts: optional(v.array(mount)),
  Tmpfs: optional(map),
  VolumesFrom: optional(list),
  NetworkMode: optional(text),
  PidMode: optional(text),
  IpcMode: optional(text),
  UTSMode: optional(text),
  UsernsMode: optional(text),
  CgroupnsMode: optional(text),
  LogConfig: optional(v.looseObject({ Type: optional(text), Config: optional(map) })),
  AutoRemove: optional(flag),
  ConsoleSize: optional(size),
  CapAdd: optional(list),
  CapDrop: optional(list),
  Dns: optional(list),
  DnsOptions: optional(list),
  DnsSearch: optional(list),
  ExtraHosts: optional(list),
  GroupAdd: optional(list),
  Links: optional(list),
  OomScoreAdj: optional(v.pipe(integer, v.minValue(-1000), v.maxValue(1000))),
  Privileged: optional(flag),
  PublishAllPorts: optional(flag),
  PortBindings: optional(
    v.record(text, optional(v.array(v.looseObject({ HostIp: optional(text), HostPort: optional(text) })))),
  ),
  ReadonlyRootfs: optional(flag),
  SecurityOpt: optional(list),
  StorageOpt: optional(map),
  ShmSize: optional(count),
  Sysctls: optional(map),
  Runtime: optional(text),
  LxcConf: optional(v.array(v.looseObject({ Key: text, Value: text }))),
  Init: optional(flag),
  MaskedPaths: optional(list),
  ReadonlyPaths: optional(list),
  Devices: optional(
    v.array(
      v.looseObject({ PathOnHost: text, PathInContainer: optional(text), CgroupPermissions: optional(text) }),
    ),
  ),
  Ulimits: optional(v.array(v.looseObject({ Name: text, Soft: limit, Hard: limit }))),
  CgroupParent: optional(text),
  DeviceCgroupRules: optional(list),
  DeviceRequests: optional(
    v.array(v.looseObject({ Driver: optional(text), Capabilities: optional(v.array(list)) })),
  ),
  NsRootfs: optional(text),
});

const endpoint = v.looseObject({
  IPAMConfig: optional(
    v.looseObject({ IPv4Address: optional(text), IPv6Address: optional(text), LinkLocalIPs: optional(list) }),
  ),
  Links: optional(list),
  Aliases: optional(list),
  MacAddress: optional(text),
});

const createRequest = v.looseObject({
  Hostname: optional(text),
  Domainname: optional(text),
  User: optional(text),
  AttachStdin: optional(flag),
  AttachStdout: optional(flag),
  AttachStderr: optional(flag),
  ExposedPorts: optional(set),
  MacAddress: optional(text),
  Tty: optional(flag),
  OpenStdin: optional(flag),
  StdinOnce: optional(flag),
  Env: optional(list),
  Cmd: optional(list),
  Image: optional(text),
  Volumes: optional(set),
  WorkingDir: optional(text),
  Entrypoint: optional(list),
  Labels: optional(map),
  StopSignal: optional(text),
  StopTimeout: optional(limit),
  HostConfig: optional(hostConfig),
  NetworkingConfig: optional(
    v.looseObject({ EndpointsConfig: optional(v.record(text, optional(endpoint))) }),
  ),
});

const execRequest = v.looseObject({
  AttachStdin: optional(flag),
  AttachStdout: optional(flag),
  AttachStderr: optional(flag),
  Tty: optional(flag),
  Env: optional(list),
  Cmd: optional(list),
  User: optional(text),
  WorkingDir: optional(text),
  Privileged: optional(flag),
  DetachKeys: optional(text),
  ConsoleSize: optional(size),
  Detach: optional(flag),
});

/** Absent members and `null` mean the same after this: `undefined`. */
type Checked<T> = { readonly [K in keyof T]?: Exclude<T[K], null> | undefined };

/** The body of `POST /containers/create`, with every member that we look at checked. */
export type CheckedCreate = Checked<Omit<ContainerCreateRequest, 'HostConfig'>> & {
  readonly HostConfig?: Checked<NonNullable<ContainerCreateRequest['HostConfig']>> | undefined;
};

/** The body of `POST /containers/{id}/exec` and `POST /exec/{id}/start`. */
export type CheckedExec = Checked<ExecCreateRequest & ExecStartRequest>;

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, naming the member that is wrong. */
export function checkCreateRequest(body: unknown): CheckedCreate {
  return check(createRequest, body) as CheckedCreate;
}

/** The body of `POST /containers/{id}/update`. */
export type CheckedUpdate = Checked<ContainerUpdateRequest>;

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, naming the member that is wrong. */
export function checkUpdateRequest(body: unknown): CheckedUpdate {
  return check(updateRequest, body) as CheckedUpdate;
}

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, naming the member that is wrong. */
export function checkExecRequest(body: unknown): CheckedExec {
  return check(execRequest, body) as CheckedExec;
}

function check<T extends v.GenericSchema>(schema: T, body: unknown): v.InferOutput<T> {
  // To valibot an array is an object too.
  if (Array.isArray(body)) throw invalid('body', 'invalid type: expected an object but received an array');
  const result = v.safeParse(schema, body, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue) ?? 'body';
  throw invalid(
    path,
    issue.message.replace(/^Invalid/, 'invalid'),
    `${path} must be ${issue.expected ?? 'of the form that the Docker Engine API describes'}.`,
  );
}
