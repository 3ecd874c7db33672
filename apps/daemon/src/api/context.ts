import type { ContainerSpec, explainContainer } from '@ns/execdriver';

import type { ManagedContainer } from '../engine/container.js';
import type { EngineContext } from '../engine/context.js';
import type { ImageService } from '../engine/image-source.js';
import type { ApiRequest } from '../http/message.js';

/** What handlers work with. */
export interface ApiContext {
  readonly engine: EngineContext;
  readonly images: ImageService;
  /** Says how a container would be started; absent with drivers that use no syscall program. */
  readonly explainer?: ((spec: ContainerSpec) => ReturnType<typeof explainContainer>) | undefined;
  readonly about: About;
}

/** What the daemon says of itself. */
export interface About {
  readonly version: string;
  readonly isDebug: () => boolean;
}

/** The container that the path names. @throws {@link NsError} `ERR_NS_NOT_FOUND` */
export function containerOf(context: ApiContext, request: ApiRequest): ManagedContainer {
  return context.engine.containers.get(request.params['id'] ?? '');
}
