import {
  nativeDriver,
  type Container,
  type ContainerNetwork,
  type ContainerSpec,
  type ExecDriver,
} from '@ns/execdriver';

import { since, type Subject } from './measure.ts';
import { LIMITS } from './limits.ts';
import { CGROUP, STATE } from './place.ts';

/** What a container has beside the defaults. */
interface Change {
  /** Limits, and Docker's seccomp profile. */
  readonly isConfined?: boolean;
  /** By the number of the container. */
  readonly network?: (count: number) => ContainerNetwork;
}

/** The native driver in this process, with state of its own. */
export class Native {
  readonly driver: ExecDriver = nativeDriver({ stateRoot: STATE });
  readonly #rootfs: string;
  #count = 0;

  constructor(rootfs: string) {
    this.#rootfs = rootfs;
  }

  /**
   * A container that runs `args`, with the defaults: six new namespaces, Docker's mounts, capabilities, masked paths, a
   * cgroup; without a seccomp filter, which the others' bundles do not have either.
   */
  spec(args: readonly string[], change: Change = {}): ContainerSpec {
    this.#count += 1;
    return {
      id: `bench-${this.#count}`,
      root: { kind: 'directory', path: this.#rootfs },
      hostname: 'bench',
      // Removed with all others', also when this process is killed.
      cgroup: `/${CGROUP}/n${this.#count}`,
      process: {
        args,
        env: ['PATH=/bin', 'HOME=/root'],
        stdio: ['null', 'null', 'null'],
        ...(change.isConfined === true ? {} : { seccomp: 'unconfined' }),
      },
      ...(change.isConfined === true ? { resources: LIMITS } : {}),
      ...(change.network === undefined ? {} : { network: change.network(this.#count) }),
    };
  }

  /** Start one and leave it running. */
  async running(args: readonly string[], change: Change = {}): Promise<Container> {
    const container = await this.driver.create(this.spec(args, change));
    await container.start();
    return container;
  }

  /** From the first call to the last trace gone: create, start, wait, destroy. */
  startToExit(name: string, change: Change = {}): Subject {
    return {
      name,
      run: async () => {
        const start = process.hrtime.bigint();
        const container = await this.running(['/bin/true'], change);
        const { code } = await container.wait();
        await container.destroy();
        const took = since(start);
        if (code !== 0) throw new Error(`/bin/true ended with ${code}`);
        return took;
      },
    };
  }

  /** Run a program in a container that is there, to its end. */
  exec(name: string, container: Container): Subject {
    return {
      name,
      run: async () => {
        const start = process.hrtime.bigint();
        const running = await container.exec(this.spec(['/bin/true']).process);
        const { code } = await running.wait();
        const took = since(start);
        if (code !== 0) throw new Error(`/bin/true ended with ${code}`);
        return took;
      },
    };
  }
}
