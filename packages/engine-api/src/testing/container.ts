import type { ContainerCreateRequest } from '../types/container-create.js';
import type { ContainerInspect } from '../types/container-inspect.js';
import type { ContainerSummary } from '../types/container-list.js';
import type { ContainerState } from '../types/container-state.js';
import type { NetworkSettings } from '../types/network.js';
import { ZERO_TIME } from '../types/primitives.js';
import { FakeProcess } from './process.js';

/** A container of the fake engine: a create request and at most one process at a time. */
export class FakeContainer {
  readonly id: string;
  name: string;
  readonly request: ContainerCreateRequest;
  readonly imageId: string;
  readonly created: Date = new Date();
  process: FakeProcess;
  startedAt: Date | undefined;
  finishedAt: Date | undefined;
  exitCode = 0;
  error = '';
  /** Names, by directory; the empty one is its own. */
  readonly checkpoints: Map<string, readonly string[]> = new Map();
  readonly removed: Promise<void>;
  /** To be called when it has been removed. */
  readonly tellRemoved: () => void;

  constructor(id: string, name: string, request: ContainerCreateRequest, imageId: string) {
    this.id = id;
    this.name = name;
    this.request = request;
    this.imageId = imageId;
    this.process = this.newProcess();
    let tell = (): void => undefined;
    this.removed = new Promise((resolve) => {
      tell = resolve;
    });
    this.tellRemoved = () => tell();
  }

  /** For a start. */
  newProcess(): FakeProcess {
    const { OpenStdin, StdinOnce, Tty } = this.request;
    return new FakeProcess(
      Tty === true,
      OpenStdin !== true ? 'closed' : StdinOnce === true ? 'once' : 'open',
    );
  }

  get running(): boolean {
    return this.startedAt !== undefined && this.finishedAt === undefined;
  }

  /** Entry point and command in one. */
  get argv(): string[] {
    return [...(this.request.Entrypoint ?? []), ...(this.request.Cmd ?? [])].filter((word) => word !== '');
  }

  /** As in the list of containers. */
  summary(): ContainerSummary {
    return {
      Id: this.id,
      Names: [`/${this.name}`],
      Image: this.request.Image ?? '',
      ImageID: this.imageId,
      Command: this.argv.join(' '),
      Created: Math.floor(this.created.getTime() / 1000),
      Ports: [],
      Labels: this.request.Labels ?? {},
      State: this.#state().Status,
      Status: this.#status(),
      HostConfig: { NetworkMode: this.request.HostConfig?.NetworkMode ?? 'none' },
      NetworkSettings: { Networks: {} },
      Mounts: [],
    };
  }

  /** As inspect has it. */
  inspect(): ContainerInspect {
    const [path = '', ...args] = this.argv;
    return {
      Id: this.id,
      Created: this.created.toISOString(),
      Path: path,
      Args: args,
      State: this.#state(),
      Image: this.imageId,
      ResolvConfPath: '',
      HostnamePath: '',
      HostsPath: '',
      LogPath: '',
      Name: `/${this.name}`,
      RestartCount: 0,
      Driver: 'fake',
      Platform: 'linux',
      MountLabel: '',
      ProcessLabel: '',
      AppArmorProfile: '',
      ExecIDs: null,
      HostConfig: this.request.HostConfig ?? {},
      GraphDriver: { Name: 'fake', Data: null },
      Mounts: [],
      Config: { Hostname: this.id.slice(0, 12), ...this.request },
      NetworkSettings: NO_NETWORK,
    };
  }

  #state(): ContainerState {
    return {
      Status: this.running ? 'running' : this.startedAt === undefined ? 'created' : 'exited',
      Running: this.running,
      Paused: false,
      Restarting: false,
      OOMKilled: false,
      Dead: false,
      Pid: this.running ? 4711 : 0,
      ExitCode: this.exitCode,
      Error: this.error,
      StartedAt: this.startedAt?.toISOString() ?? ZERO_TIME,
      FinishedAt: this.finishedAt?.toISOString() ?? ZERO_TIME,
    };
  }

  #status(): string {
    if (this.running) return 'Up Less than a second';
    return this.startedAt === undefined ? 'Created' : `Exited (${this.exitCode}) Less than a second ago`;
  }
}

const NO_NETWORK: NetworkSettings = {
  Bridge: '',
  SandboxID: '',
  SandboxKey: '',
  HairpinMode: false,
  LinkLocalIPv6Address: '',
  LinkLocalIPv6PrefixLen: 0,
  SecondaryIPAddresses: null,
  SecondaryIPv6Addresses: null,
  EndpointID: '',
  Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  MacAddress: '',
  Ports: {},
  Networks: {},
};
