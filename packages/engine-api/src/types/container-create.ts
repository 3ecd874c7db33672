import type { ContainerConfig } from './container-config.js';
import type { HostConfig } from './host-config.js';
import type { NetworkingConfig } from './network.js';

/** Body of `POST /containers/create`, and of our `POST /ns/explain`. */
export interface ContainerCreateRequest extends ContainerConfig {
  HostConfig?: HostConfig;
  NetworkingConfig?: NetworkingConfig;
}

/** Query of `POST /containers/create`. */
export interface ContainerCreateOptions {
  /** `[a-zA-Z0-9][a-zA-Z0-9_.-]+`; the engine makes one up otherwise. */
  name?: string;
  /** `os[/arch[/variant]]` */
  platform?: string;
}

/** 201 of `POST /containers/create`. */
export interface ContainerCreateResponse {
  Id: string;
  Warnings: string[];
}
