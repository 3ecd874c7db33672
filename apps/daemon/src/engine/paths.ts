import { join } from 'node:path';

/** Where the daemon keeps what. `dataRoot` outlives a reboot, `execRoot` does not. */
export class Paths {
  readonly dataRoot: string;
  readonly execRoot: string;

  constructor(dataRoot: string, execRoot: string) {
    this.dataRoot = dataRoot;
    this.execRoot = execRoot;
  }

  get containers(): string {
    return join(this.dataRoot, 'containers');
  }

  get images(): string {
    return join(this.dataRoot, 'images');
  }

  get volumes(): string {
    return join(this.dataRoot, 'volumes');
  }

  /** Everything of one container that outlives a reboot. */
  container(id: string): ContainerPaths {
    const directory = join(this.containers, id);
    return {
      directory,
      config: join(directory, 'config.json'),
      log: join(directory, `${id}.log`),
      hostname: join(directory, 'hostname'),
      hosts: join(directory, 'hosts'),
      resolvConf: join(directory, 'resolv.conf'),
      network: join(directory, 'network.json'),
      upper: join(directory, 'upper'),
      work: join(directory, 'work'),
    };
  }

  /** The directory of a volume's content. */
  volume(name: string): string {
    return join(this.volumes, name, '_data');
  }

  /** The networks of users. */
  get networks(): string {
    return join(this.dataRoot, 'networks.json');
  }

  /** Says which containers are being started: see `start-marks.ts`. */
  get starting(): string {
    return join(this.execRoot, 'starting');
  }

  /** The state of drivers beside the native one, by the names that containers ask for them. */
  get drivers(): string {
    return join(this.execRoot, 'drivers');
  }

  driverState(name: string): string {
    return name === 'native' ? join(this.execRoot, name) : join(this.drivers, name);
  }
}

export interface ContainerPaths {
  readonly directory: string;
  readonly config: string;
  readonly log: string;
  readonly hostname: string;
  readonly hosts: string;
  readonly resolvConf: string;
  /** Its addresses and ports while it runs. */
  readonly network: string;
  /** What the container has changed, and overlayfs's scratch directory. */
  readonly upper: string;
  readonly work: string;
}
