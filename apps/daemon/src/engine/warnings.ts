import type { CheckedCreate } from './create-schema.js';
import { parseSecurity } from './security.js';

type Host = NonNullable<CheckedCreate['HostConfig']>;

/** Members of HostConfig that are control group limits, with what they limit. */
const LIMITS: Readonly<Partial<Record<keyof Host, string>>> = {
  Memory: 'memory',
  MemoryReservation: 'memory reservation',
  MemorySwap: 'swap',
  CpuShares: 'CPU shares',
  CpuPeriod: 'CPU period',
  CpuQuota: 'CPU quota',
  NanoCpus: 'CPU',
  CpusetCpus: 'cpuset',
  CpusetMems: 'cpuset memory nodes',
  BlkioWeight: 'block IO weight',
  PidsLimit: 'process number',
};

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
  for (const [member, what] of Object.entries(LIMITS)) {
    const value = host[member as keyof Host];
    if (value !== undefined && value !== 0 && value !== -1 && value !== '') {
      warnings.push(
        `Control groups are not there yet. ${what[0]?.toUpperCase()}${what.slice(1)} limitation discarded.`,
      );
    }
  }
  if (host.Privileged) {
    warnings.push("Privileged: the container has all capabilities, and not the host's devices.");
  }
  const test = config.Healthcheck?.Test ?? [];
  if (test.length > 0 && test[0] !== 'NONE') warnings.push('Health checks are not there yet: none is run.');
  return [...warnings, ...parseSecurity(host as Parameters<typeof parseSecurity>[0]).warnings];
}
