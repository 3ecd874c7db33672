import type { CheckedCreate } from './create-schema.js';
import { parseSecurity } from './security.js';

type Host = NonNullable<CheckedCreate['HostConfig']>;

/** What of a create request has no effect: told to the user, who would count on it otherwise. */
export function warningsOf(host: Host, config: Pick<CheckedCreate, 'Healthcheck'>): string[] {
  const warnings: string[] = [];
  const test = config.Healthcheck?.Test ?? [];
  if (test.length > 0 && test[0] !== 'NONE') warnings.push('Health checks are not there yet: none is run.');
  return [...warnings, ...parseSecurity(host as Parameters<typeof parseSecurity>[0]).warnings];
}
