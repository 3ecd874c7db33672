import type { CheckedCreate } from './create-schema.js';

/** What of a create request has no effect: told to the user, who would count on it otherwise. */
export function warningsOf(config: Pick<CheckedCreate, 'Healthcheck'>): string[] {
  const test = config.Healthcheck?.Test ?? [];
  return test.length > 0 && test[0] !== 'NONE' ? ['Health checks are not there yet: none is run.'] : [];
}
