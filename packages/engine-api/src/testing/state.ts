import { randomBytes } from 'node:crypto';

import type { ContainerCreateRequest } from '../types/container-create.js';
import type { NetworkResource } from '../types/network-resource.js';
import { FakeContainer } from './container.js';
import { FakeError, type FakeExchange } from './exchange.js';
import { withTag, type FakeImage } from './images.js';
import { builtInNetworks } from './network-routes.js';
import type { FakeProcess, FakeProgram } from './process.js';

/** A further process in a container. */
export interface FakeExec {
  readonly id: string;
  readonly container: FakeContainer;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly process: FakeProcess;
  readonly attach: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
}

/** An endpoint of the fake engine. */
export interface Route {
  readonly method: string;
  /** Of the path without version; its groups are the parameters. */
  readonly pattern: RegExp;
  readonly handle: (state: FakeState, exchange: FakeExchange) => void | Promise<void>;
}

/** What the fake engine knows. */
export class FakeState {
  readonly apiVersion: string;
  readonly containers: Map<string, FakeContainer> = new Map();
  readonly execs: Map<string, FakeExec> = new Map();
  readonly images: FakeImage[] = [
    { id: `sha256:${'b'.repeat(64)}`, tags: ['busybox:latest'], created: 1_700_000_000, size: 4_270_000 },
  ];
  readonly networks: NetworkResource[] = builtInNetworks();
  readonly #programs: Readonly<Record<string, FakeProgram>>;
  readonly #delays: { method: string; path: RegExp; until: Promise<void> }[] = [];

  constructor(programs: Readonly<Record<string, FakeProgram>>, apiVersion: string) {
    this.#programs = programs;
    this.apiVersion = apiVersion;
  }

  /** See `FakeEngine.delay`. */
  delay(method: string, path: RegExp): () => void {
    let release = (): void => undefined;
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#delays.push({ method, path, until });
    return () => release();
  }

  /** Resolves when such a request may be answered. */
  async delayed(method: string, path: string): Promise<void> {
    await Promise.all(
      this.#delays.filter((one) => one.method === method && one.path.test(path)).map(({ until }) => until),
    );
  }

  /** By id, the beginning of one, or name. */
  container(reference: string): FakeContainer {
    const found = [...this.containers.values()].find(
      ({ id, name }) => id.startsWith(reference) || name === reference.replace(/^\//, ''),
    );
    if (found === undefined)
      throw new FakeError(404, `No such container: ${reference}`, { nsCode: 'ERR_NS_NOT_FOUND' });
    return found;
  }

  /** By id, the beginning of one, or name. */
  image(reference: string): FakeImage {
    const found = this.images.find(
      ({ id, tags }) =>
        tags.includes(withTag(reference)) ||
        id.replace('sha256:', '').startsWith(reference.replace('sha256:', '')),
    );
    if (found === undefined)
      throw new FakeError(404, `No such image: ${withTag(reference)}`, { nsCode: 'ERR_NS_NOT_FOUND' });
    return found;
  }

  /** Add a container. */
  create(name: string | undefined, request: ContainerCreateRequest): FakeContainer {
    const id = randomBytes(32).toString('hex');
    const taken = [...this.containers.values()].find((one) => one.name === name);
    if (taken !== undefined) {
      throw new FakeError(
        409,
        `Conflict. The container name "/${name}" is already in use by container "${taken.id}". You have to remove (or rename) that container to be able to reuse that name.`,
        { nsCode: 'ERR_NS_CONFLICT' },
      );
    }
    const imageId = request.HostConfig?.NsRootfs === undefined ? this.image(request.Image ?? '').id : '';
    const container = new FakeContainer(id, name ?? `fake_${id.slice(0, 6)}`, request, imageId);
    this.containers.set(id, container);
    return container;
  }

  /** Start a container's program. */
  start(container: FakeContainer): void {
    const program = this.#program(container.argv, (error) => {
      container.error = error.message;
      container.exitCode = 127;
      if (container.request.HostConfig?.AutoRemove === true) this.remove(container);
    });
    if (container.startedAt !== undefined) container.process = container.newProcess();
    container.startedAt = new Date();
    container.finishedAt = undefined;
    container.process.start(program, container.argv.slice(1), container.request.Env ?? []);
    void this.#watch(container);
  }

  /** Start a further process. */
  async startExec(exec: FakeExec): Promise<void> {
    let program: FakeProgram;
    try {
      program = this.#program(exec.argv);
    } catch (error) {
      await exec.process.fail((error as FakeError).message, 127);
      throw error;
    }
    exec.process.start(program, exec.argv.slice(1), exec.env);
  }

  /** Forget a container. */
  remove(container: FakeContainer): void {
    this.containers.delete(container.id);
    container.tellRemoved();
  }

  async #watch(container: FakeContainer): Promise<void> {
    container.exitCode = await container.process.ended();
    container.finishedAt = new Date();
    if (container.request.HostConfig?.AutoRemove === true) this.remove(container);
  }

  #program(argv: readonly string[], failed: (error: FakeError) => void = () => undefined): FakeProgram {
    const name = argv[0] ?? 'true';
    const program = this.#programs[name];
    if (program !== undefined) return program;
    const error = new FakeError(400, `exec: "${name}": executable file not found in $PATH`, {
      nsCode: 'ERR_NS_COMMAND_NOT_FOUND',
      hint: 'check the name and the PATH of the container',
    });
    failed(error);
    throw error;
  }
}
