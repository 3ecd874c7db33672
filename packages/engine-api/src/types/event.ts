import type { Filters } from './filters.js';
import type { StringMap } from './primitives.js';

/** Query of `GET /events`. */
export interface EventsOptions {
  /** Seconds since 1970, with a fraction. */
  since?: string;
  until?: string;
  filters?: Filters;
}

/** One line of `GET /events`. */
export interface EventMessage {
  Type:
    | 'builder'
    | 'config'
    | 'container'
    | 'daemon'
    | 'image'
    | 'network'
    | 'node'
    | 'plugin'
    | 'secret'
    | 'service'
    | 'volume';
  /** `create`, `start`, `die`, `exec_create: ls`… */
  Action: string;
  Actor: { ID: string; Attributes: StringMap };
  scope: 'local' | 'swarm';
  /** Seconds since 1970. */
  time: number;
  /** Nanoseconds since 1970: beyond 2^53, so the last digits are rounded when parsed. */
  timeNano: number;
  /** As before API 1.22, still sent. */
  status?: string;
  id?: string;
  from?: string;
}
