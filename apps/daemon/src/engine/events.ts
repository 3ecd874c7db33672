import type { EventMessage } from '@ns/engine-api';

import { nowNs } from './clock.js';
import type { Filters } from './filters.js';

const KEPT = 256;

/** The keys by which `GET /events` filters. */
export const EVENT_FILTERS = [
  'config',
  'container',
  'daemon',
  'event',
  'image',
  'label',
  'network',
  'node',
  'plugin',
  'scope',
  'secret',
  'service',
  'type',
  'volume',
] as const;

type Listener = (event: EventMessage) => void;

/** Tells what happens to whoever listens, and remembers the last 256 events. */
export class EventBus {
  readonly #recent: EventMessage[] = [];
  readonly #listeners = new Set<Listener>();

  publish(
    type: EventMessage['Type'],
    action: string,
    id: string,
    attributes: Readonly<Record<string, string>>,
  ): void {
    const ns = nowNs();
    const old = type === 'container' || type === 'image';
    const event: EventMessage = {
      ...(old ? { status: action, id } : {}),
      ...(type === 'container' && attributes['image'] !== undefined ? { from: attributes['image'] } : {}),
      Type: type,
      Action: action,
      Actor: { ID: id, Attributes: attributes },
      scope: 'local',
      time: Number(ns / 1_000_000_000n),
      // Beyond 2^53: JSON has no integers as large, and Docker's clients read the digits that a double gives.
      timeNano: Number(ns),
    };
    this.#recent.push(event);
    if (this.#recent.length > KEPT) this.#recent.shift();
    for (const listener of this.#listeners) listener(event);
  }

  /** The remembered events from `sinceNs` on, oldest first. */
  since(sinceNs: bigint): EventMessage[] {
    return this.#recent.filter((event) => BigInt(event.timeNano) >= sinceNs);
  }

  /** Hear of every event from now on. @returns A function that ends it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}

/** Whether a client that gave `filters` wants to hear of the event. */
export function isWanted(event: EventMessage, filters: Filters): boolean {
  const { ID: id, Attributes: attributes } = event.Actor;
  const named = (kind: string) => (wanted: string) =>
    event.Type === kind &&
    (id === wanted || attributes['name'] === wanted || (wanted !== '' && id.startsWith(wanted)));
  return (
    filters.any('type', (wanted) => event.Type === wanted) &&
    filters.any('scope', (wanted) => event.scope === wanted) &&
    // `exec_start: sh -c …` is asked for as `exec_start`.
    filters.any('event', (wanted) => event.Action === wanted || event.Action.startsWith(`${wanted}:`)) &&
    filters.any('container', named('container')) &&
    filters.any('daemon', named('daemon')) &&
    filters.any('volume', named('volume')) &&
    filters.any('network', named('network')) &&
    filters.any('image', (wanted) => named('image')(wanted) || isImage(attributes['image'], wanted)) &&
    filters.labels(attributes)
  );
}

function isImage(image: string | undefined, wanted: string): boolean {
  return image !== undefined && (image === wanted || image.replace(/:[^:/]*$/, '') === wanted);
}
