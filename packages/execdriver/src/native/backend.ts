import type { Cgroup } from '@ns/cgroups';
import { NsError } from '@ns/errors';

import type { Backend } from '../backend.js';
import type { CgroupStats, ContainerSpec, ProcessSpec, Resources } from '../contract.js';
import { openContainerCgroup } from './cgroup.js';
import { execSession } from './exec.js';
import { members, membershipOf, Strays } from './members.js';
import { notRunning, type Session } from './session.js';
import { startContainer } from './start-container.js';
import type { StateDirectory } from './state.js';

/** What is native about a container of the native driver. */
export class NativeBackend implements Backend {
  readonly #id: string;
  readonly #directory: StateDirectory;
  readonly #cgroupPath: string | undefined;
  #openCgroup: Cgroup | undefined;
  /** Something may outlive the first process. */
  #mayHaveStrays = true;
  /** By what that is known without a cgroup. */
  #strays: Strays | undefined;

  /** @param cgroup - The path of its cgroup; undefined when it has none. */
  constructor(id: string, directory: StateDirectory, cgroup: string | undefined) {
    this.#id = id;
    this.#directory = directory;
    this.#cgroupPath = cgroup;
  }

  /** It is there from the start to the end, and opened once. */
  get #cgroup(): Cgroup | undefined {
    this.#openCgroup ??= openContainerCgroup(this.#cgroupPath);
    return this.#openCgroup;
  }

  start(spec: ContainerSpec): Promise<Session> {
    return startContainer(spec, this.#directory, this.#cgroupPath);
  }

  follow(session: Session, spec: ContainerSpec | undefined): void {
    // With a pid namespace of its own, the end of the first process is that of all.
    this.#mayHaveStrays = spec === undefined || (spec.namespaces?.pid ?? 'new') !== 'new';
    if (!this.#mayHaveStrays || this.#cgroupPath !== undefined) return;
    const strays = Strays.of(session.pid);
    this.#strays = strays;
    void session.exit.finally(() => strays?.ended()).catch(() => undefined);
  }

  exec(process: ProcessSpec, session: Session): Promise<Session> {
    return execSession(
      {
        pid: session.pid,
        target: session.pidfd(),
        id: this.#id,
        stateDirectory: this.#directory.path,
        cgroup: this.#cgroup,
      },
      process,
    );
  }

  signal(signal: number, session: Session): void {
    session.signal(signal);
  }

  async processes({ pid }: Session): Promise<number[]> {
    if (this.#cgroup !== undefined) return this.#cgroup.processes();
    const membership = membershipOf(pid);
    if (membership === undefined) throw notRunning('list processes');
    return members(membership);
  }

  async update(resources: Resources): Promise<void> {
    this.#control('update').update(resources);
  }

  async pause(): Promise<void> {
    await this.#control('pause').freeze();
  }

  async resume(): Promise<void> {
    this.#control('resume').thaw();
  }

  isPaused(): boolean {
    return this.#cgroup?.isFrozen ?? false;
  }

  async stats(): Promise<CgroupStats> {
    return this.#control('stats').stats();
  }

  /** The cgroup of a container that runs. */
  #control(operation: string): Cgroup {
    if (this.#cgroup !== undefined) return this.#cgroup;
    throw new NsError('ERR_NS_UNSUPPORTED', {
      operation,
      message: `container ${this.#id} has no cgroup`,
      hint: 'a container that is started with the rights of root has one',
    });
  }

  /** What the end of the first process did not take along: its pid namespace is shared, or nobody saw the end. */
  async killRest(): Promise<void> {
    if (!this.#mayHaveStrays) return;
    if (this.#cgroup !== undefined) await this.#cgroup.kill();
    else if (this.#strays !== undefined) await this.#strays.kill();
  }

  async remove(): Promise<void> {
    await this.#cgroup?.remove();
  }
}
