import type { ManagedContainer } from './container.js';
import type { EngineContext } from './context.js';

/** Tell of something that happened to a container, with the attributes that Docker's events have. */
export function publish(
  context: EngineContext,
  container: ManagedContainer,
  action: string,
  extra: Readonly<Record<string, string>> = {},
): void {
  const { config, name, image } = container.record;
  context.events.publish('container', action, container.id, { ...config.Labels, image, name, ...extra });
}
