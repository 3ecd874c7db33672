import type { CheckpointCreateRequest, CheckpointSummary } from '../types/checkpoint.js';
import type {
  ContainerAttachOptions,
  ContainerLogsOptions,
  ContainerRemoveOptions,
  ContainerStartOptions,
  ContainerStatsOptions,
  ContainerStopOptions,
  ContainerUpdateRequest,
  ResizeOptions,
  TopResponse,
  UpdateResponse,
  WaitCondition,
  WaitResponse,
} from '../types/container-actions.js';
import type {
  ContainerCreateOptions,
  ContainerCreateRequest,
  ContainerCreateResponse,
} from '../types/container-create.js';
import type { ContainerInspect } from '../types/container-inspect.js';
import type { ContainerListOptions, ContainerSummary } from '../types/container-list.js';
import type { StatsResponse } from '../types/stats.js';
import type { HijackedStream, OutputStream } from './base.js';
import { pathName } from './query.js';
import { SystemEndpoints } from './system.js';
import type { CallOptions, EngineRequest } from './transport.js';

/** A wait that the engine has registered: an exit from now on is not missed. */
export interface PendingWait {
  readonly exit: Promise<WaitResponse>;
}

/**
 * Endpoints about containers. `container` is always an id, the beginning of one, or a name.
 *
 * All throw {@link NsError} `ERR_NS_API` (an `EngineApiError` with the HTTP status: 404 no such container) and
 * `ERR_NS_CONNECTION`.
 */
export abstract class ContainerEndpoints extends SystemEndpoints {
  /** `GET /containers/json` */
  async containerList(
    options: ContainerListOptions = {},
    call: CallOptions = {},
  ): Promise<ContainerSummary[]> {
    return this.json({
      operation: 'container list',
      method: 'GET',
      path: '/containers/json',
      query: options,
      ...call,
    });
  }

  /** `POST /containers/create`. Status 404: no such image; 409: the name is taken. */
  async containerCreate(
    request: ContainerCreateRequest,
    options: ContainerCreateOptions = {},
    call: CallOptions = {},
  ): Promise<ContainerCreateResponse> {
    return this.json({
      operation: 'container create',
      method: 'POST',
      path: '/containers/create',
      query: options,
      body: request,
      ...call,
    });
  }

  /** `GET /containers/{id}/json`. `size` counts the bytes it has written, which takes time. */
  async containerInspect(
    container: string,
    size?: boolean,
    call: CallOptions = {},
  ): Promise<ContainerInspect> {
    return this.json(this.#about(container, 'inspect', 'GET', '/json', { size }, call));
  }

  /** `POST /containers/{id}/start`. Already running is no error. */
  async containerStart(
    container: string,
    options: ContainerStartOptions = {},
    call: CallOptions = {},
  ): Promise<void> {
    return this.order(this.#about(container, 'start', 'POST', '/start', options, call));
  }

  /** `POST /containers/{id}/stop`: its stop signal, then SIGKILL after `t` seconds. Not running is no error. */
  async containerStop(
    container: string,
    options: ContainerStopOptions = {},
    call: CallOptions = {},
  ): Promise<void> {
    return this.order(this.#about(container, 'stop', 'POST', '/stop', options, call));
  }

  /** `POST /containers/{id}/restart` */
  async containerRestart(
    container: string,
    options: ContainerStopOptions = {},
    call: CallOptions = {},
  ): Promise<void> {
    return this.order(this.#about(container, 'restart', 'POST', '/restart', options, call));
  }

  /** `POST /containers/{id}/kill`. @param signal - Name or number, default SIGKILL. */
  async containerKill(container: string, signal?: string, call: CallOptions = {}): Promise<void> {
    return this.order(this.#about(container, 'kill', 'POST', '/kill', { signal }, call));
  }

  /** `POST /containers/{id}/pause`: nothing in it runs until it is unpaused. */
  async containerPause(container: string, call: CallOptions = {}): Promise<void> {
    return this.order(this.#about(container, 'pause', 'POST', '/pause', {}, call));
  }

  /** `POST /containers/{id}/unpause` */
  async containerUnpause(container: string, call: CallOptions = {}): Promise<void> {
    return this.order(this.#about(container, 'unpause', 'POST', '/unpause', {}, call));
  }

  /** `POST /containers/{id}/checkpoints`: write the state of its processes down. Docker calls it experimental. */
  async checkpointCreate(
    container: string,
    request: CheckpointCreateRequest,
    call: CallOptions = {},
  ): Promise<void> {
    return this.order({
      ...this.#about(container, 'checkpoint create', 'POST', '/checkpoints', {}, call),
      body: request,
    });
  }

  /** `GET /containers/{id}/checkpoints`. @param dir - A directory of the engine's host. */
  async checkpointList(
    container: string,
    dir?: string,
    call: CallOptions = {},
  ): Promise<CheckpointSummary[]> {
    return this.json(this.#about(container, 'checkpoint list', 'GET', '/checkpoints', { dir }, call));
  }

  /** `DELETE /containers/{id}/checkpoints/{checkpoint}`. @param dir - A directory of the engine's host. */
  async checkpointDelete(
    container: string,
    checkpoint: string,
    dir?: string,
    call: CallOptions = {},
  ): Promise<void> {
    const path = `/checkpoints/${encodeURIComponent(checkpoint)}`;
    return this.order(this.#about(container, 'checkpoint delete', 'DELETE', path, { dir }, call));
  }

  /** `POST /containers/{id}/update`: other limits, at once when it runs. What is absent stays. */
  async containerUpdate(
    container: string,
    update: ContainerUpdateRequest,
    call: CallOptions = {},
  ): Promise<UpdateResponse> {
    return this.json({ ...this.#about(container, 'update', 'POST', '/update', {}, call), body: update });
  }

  /**
   * `GET /containers/{id}/stats`: what it uses, about once a second, until it ends or `call.signal` is aborted.
   *
   * @param options.stream - False: one answer, which waits for two readings unless `one-shot` is set.
   */
  containerStats(
    container: string,
    options: ContainerStatsOptions = {},
    call: CallOptions = {},
  ): AsyncGenerator<StatsResponse> {
    return this.lines(this.#about(container, 'stats', 'GET', '/stats', options, call));
  }

  /** `POST /containers/{id}/rename`. Status 409: the name is taken. */
  async containerRename(container: string, name: string, call: CallOptions = {}): Promise<void> {
    return this.order(this.#about(container, 'rename', 'POST', '/rename', { name }, call));
  }

  /** `DELETE /containers/{id}`. Status 409: it runs, and `force` was not given. */
  async containerRemove(
    container: string,
    options: ContainerRemoveOptions = {},
    call: CallOptions = {},
  ): Promise<void> {
    return this.order(this.#about(container, 'remove', 'DELETE', '', options, call));
  }

  /** `POST /containers/{id}/resize`: the size of its terminal. */
  async containerResize(container: string, size: ResizeOptions, call: CallOptions = {}): Promise<void> {
    return this.order(this.#about(container, 'resize', 'POST', '/resize', size, call));
  }

  /** `GET /containers/{id}/top`. @param psArgs - Of ps(1), default `-ef`. */
  async containerTop(container: string, psArgs?: string, call: CallOptions = {}): Promise<TopResponse> {
    return this.json(this.#about(container, 'top', 'GET', '/top', { ps_args: psArgs }, call));
  }

  /** `POST /containers/{id}/wait`: its exit code, once the condition holds. */
  async containerWait(
    container: string,
    condition: WaitCondition = 'not-running',
    call: CallOptions = {},
  ): Promise<WaitResponse> {
    return this.json(this.#about(container, 'wait', 'POST', '/wait', { condition }, call));
  }

  /**
   * As {@link containerWait}, but resolves as soon as the engine has registered the wait. Done before `containerStart`
   * with `next-exit` or `removed`, even the shortest life is not missed.
   *
   * @example
   * ```ts
   * const { exit } = await client.containerBeginWait(id, 'next-exit');
   * await client.containerStart(id);
   * console.log((await exit).StatusCode);
   * ```
   */
  async containerBeginWait(
    container: string,
    condition: WaitCondition = 'not-running',
    call: CallOptions = {},
  ): Promise<PendingWait> {
    const request = this.#about(container, 'wait', 'POST', '/wait', { condition }, call);
    const exit = this.readJson<WaitResponse>(request, await this.open(request));
    // A caller that has lost interest must not be killed by a connection that breaks later.
    exit.catch(() => undefined);
    return { exit };
  }

  /**
   * `GET /containers/{id}/logs`.
   *
   * @returns Framed unless the container has a terminal; see `demux`.
   */
  async containerLogs(
    container: string,
    options: ContainerLogsOptions,
    call: CallOptions = {},
  ): Promise<OutputStream> {
    const response = await this.open(this.#about(container, 'logs', 'GET', '/logs', options, call));
    return { stream: response, multiplexed: await this.framing(response.headers['content-type']) };
  }

  /** `POST /containers/{id}/attach`: its streams. Done before `containerStart`, no output is missed. */
  async containerAttach(
    container: string,
    options: ContainerAttachOptions,
    call: CallOptions = {},
  ): Promise<HijackedStream> {
    return this.hijack(this.#about(container, 'attach', 'POST', '/attach', options, call));
  }

  #about(
    container: string,
    verb: string,
    method: EngineRequest['method'],
    suffix: string,
    query: object,
    call: CallOptions,
  ): EngineRequest {
    const operation = `container ${verb}`;
    return {
      operation,
      method,
      path: `/containers/${pathName(operation, container)}${suffix}`,
      query,
      ...call,
    };
  }
}
