import type {
  NetworkConnectRequest,
  NetworkCreateRequest,
  NetworkCreateResponse,
  NetworkDisconnectRequest,
  NetworkInspectOptions,
  NetworkListOptions,
  NetworkPruneOptions,
  NetworkPruneResponse,
  NetworkResource,
} from '../types/network-resource.js';
import { ImageEndpoints } from './images.js';
import { pathName } from './query.js';
import type { CallOptions, EngineRequest } from './transport.js';

/** Endpoints about networks. `network` is a name, an id, or the beginning of one. */
export abstract class NetworkEndpoints extends ImageEndpoints {
  /** `GET /networks` */
  async networkList(options: NetworkListOptions = {}, call: CallOptions = {}): Promise<NetworkResource[]> {
    return this.json({
      operation: 'network list',
      method: 'GET',
      path: '/networks',
      query: options,
      ...call,
    });
  }

  /** `GET /networks/{id}` */
  async networkInspect(
    network: string,
    options: NetworkInspectOptions = {},
    call: CallOptions = {},
  ): Promise<NetworkResource> {
    return this.json({ ...this.#about(network, 'inspect', 'GET', '', call), query: options });
  }

  /** `POST /networks/create`. Status 409: the name is taken. */
  async networkCreate(request: NetworkCreateRequest, call: CallOptions = {}): Promise<NetworkCreateResponse> {
    const path = '/networks/create';
    return this.json({ operation: 'network create', method: 'POST', path, body: request, ...call });
  }

  /** `DELETE /networks/{id}`. Status 403 or 409: it is built in, or containers are on it. */
  async networkRemove(network: string, call: CallOptions = {}): Promise<void> {
    return this.order(this.#about(network, 'remove', 'DELETE', '', call));
  }

  /** `POST /networks/{id}/connect`: a further network for a container, which may run. */
  async networkConnect(
    network: string,
    request: NetworkConnectRequest,
    call: CallOptions = {},
  ): Promise<void> {
    return this.order({ ...this.#about(network, 'connect', 'POST', '/connect', call), body: request });
  }

  /** `POST /networks/{id}/disconnect`: one less. */
  async networkDisconnect(
    network: string,
    request: NetworkDisconnectRequest,
    call: CallOptions = {},
  ): Promise<void> {
    return this.order({ ...this.#about(network, 'disconnect', 'POST', '/disconnect', call), body: request });
  }

  /** `POST /networks/prune`: remove those that no container names. */
  async networkPrune(
    options: NetworkPruneOptions = {},
    call: CallOptions = {},
  ): Promise<NetworkPruneResponse> {
    const path = '/networks/prune';
    return this.json({ operation: 'network prune', method: 'POST', path, query: options, ...call });
  }

  #about(
    network: string,
    verb: string,
    method: EngineRequest['method'],
    suffix: string,
    call: CallOptions,
  ): EngineRequest {
    const operation = `network ${verb}`;
    // A slash is no part of a network's name.
    const name = pathName(operation, network).replaceAll('/', '%2F');
    return { operation, method, path: `/networks/${name}${suffix}`, ...call };
  }
}
