import type { ResizeOptions } from '../types/container-actions.js';
import type { ExecCreateRequest, ExecCreateResponse, ExecInspect, ExecStartRequest } from '../types/exec.js';
import type { HijackedStream } from './base.js';
import { ContainerEndpoints } from './containers.js';
import { pathName } from './query.js';
import type { CallOptions } from './transport.js';

/** Endpoints about further processes in a running container. `exec` is the id that `execCreate` gave. */
export abstract class ExecEndpoints extends ContainerEndpoints {
  /** `POST /containers/{id}/exec`: prepare a process. Status 409: the container does not run. */
  async execCreate(
    container: string,
    request: ExecCreateRequest,
    call: CallOptions = {},
  ): Promise<ExecCreateResponse> {
    const operation = 'exec create';
    const path = `/containers/${pathName(operation, container)}/exec`;
    return this.json({ operation, method: 'POST', path, body: request, ...call });
  }

  /** `POST /exec/{id}/start`: start it and be connected to its streams. */
  async execAttach(
    exec: string,
    request: Omit<ExecStartRequest, 'Detach'> = {},
    call: CallOptions = {},
  ): Promise<HijackedStream> {
    const operation = 'exec start';
    const path = `/exec/${pathName(operation, exec)}/start`;
    return this.hijack({ operation, method: 'POST', path, body: { ...request, Detach: false }, ...call });
  }

  /** `POST /exec/{id}/start`: start it and leave it. */
  async execStart(
    exec: string,
    request: Omit<ExecStartRequest, 'Detach'> = {},
    call: CallOptions = {},
  ): Promise<void> {
    const operation = 'exec start';
    const path = `/exec/${pathName(operation, exec)}/start`;
    return this.order({ operation, method: 'POST', path, body: { ...request, Detach: true }, ...call });
  }

  /** `POST /exec/{id}/resize`: the size of its terminal. */
  async execResize(exec: string, size: ResizeOptions, call: CallOptions = {}): Promise<void> {
    const operation = 'exec resize';
    return this.order({
      operation,
      method: 'POST',
      path: `/exec/${pathName(operation, exec)}/resize`,
      query: size,
      ...call,
    });
  }

  /** `GET /exec/{id}/json` */
  async execInspect(exec: string, call: CallOptions = {}): Promise<ExecInspect> {
    const operation = 'exec inspect';
    return this.json({ operation, method: 'GET', path: `/exec/${pathName(operation, exec)}/json`, ...call });
  }
}
