import type { ContainerCreateRequest } from '../types/container-create.js';
import type { EventMessage, EventsOptions } from '../types/event.js';
import type { ExplainResponse } from '../types/explain.js';
import type { SystemInfo, SystemVersion } from '../types/system.js';
import { ClientBase } from './base.js';
import type { CallOptions } from './transport.js';

/** Endpoints about the engine itself. */
export abstract class SystemEndpoints extends ClientBase {
  /** `GET /version` */
  async version(call: CallOptions = {}): Promise<SystemVersion> {
    return this.json({ operation: 'version', method: 'GET', path: '/version', ...call });
  }

  /** `GET /info` */
  async info(call: CallOptions = {}): Promise<SystemInfo> {
    return this.json({ operation: 'info', method: 'GET', path: '/info', ...call });
  }

  /**
   * `GET /events`: what happens, as it happens. Ends at `until`, or when the loop is left, or with `abort`.
   *
   * @example
   * ```ts
   * for await (const event of client.events({ filters: { type: ['container'] } })) console.log(event.Action);
   * ```
   */
  events(options: EventsOptions = {}, call: CallOptions = {}): AsyncGenerator<EventMessage> {
    return this.lines({ operation: 'events', method: 'GET', path: '/events', query: options, ...call });
  }

  /**
   * `POST /ns/explain`, an extension of ns-daemon: the program that would start such a container, as data. Nothing is
   * created.
   *
   * @throws {@link NsError} `ERR_NS_API` with status 404 from another engine.
   */
  async explain(request: ContainerCreateRequest, call: CallOptions = {}): Promise<ExplainResponse> {
    const query = { format: 'json' };
    return this.json({
      operation: 'explain',
      method: 'POST',
      path: '/ns/explain',
      query,
      body: request,
      ...call,
    });
  }

  /** As {@link explain}, in plain words for people. */
  async explainText(request: ContainerCreateRequest, call: CallOptions = {}): Promise<string> {
    const query = { format: 'text' };
    const response = await this.open({
      operation: 'explain',
      method: 'POST',
      path: '/ns/explain',
      query,
      body: request,
      ...call,
    });
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks).toString('utf8');
  }
}
