import type { CheckedCreate } from './create-schema.js';
import { parseSecurity } from './security.js';

type Host = NonNullable<CheckedCreate['HostConfig']>;

/** What of a create request has no effect: told to the user, who would count on it otherwise. */
export function warningsOf(host: Host, config: Pick<CheckedCreate, 'Healthcheck'>): string[] {
  const warnings: string[] = [];
  const network = host.NetworkMode ?? 'default';
  if (network === '' || network === 'default' || network === 'bridge') {
    warnings.push(
      'Bridge networks are not there yet: the container has a loopback interface only (as with --network none).',
    );
  }
  if (Object.keys(host.PortBindings ?? {}).length > 0 || host.PublishAllPorts) {
    warnings.push('Published ports need bridge networks, which are not there yet: none is published.');
  }
  const test = config.Healthcheck?.Test ?? [];
  if (test.length > 0 && test[0] !== 'NONE') warnings.push('Health checks are not there yet: none is run.');
  return [...warnings, ...parseSecurity(host as Parameters<typeof parseSecurity>[0]).warnings];
}
