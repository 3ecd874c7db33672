import { NsError } from '@ns/errors';
import type { ContainerSpec } from '@ns/execdriver';
import {
  checkHostname,
  checkSysctls,
  planMounts,
  planNamespaces,
  type NamespaceSources,
} from '@ns/namespaces';
import { planNetwork } from '@ns/netfw';

/** Refuse what no runtime could do. Looks at nothing but the spec. */
export function checkSpec(spec: ContainerSpec): NamespaceSources {
  const { sources } = planNamespaces(spec);
  for (const name of ['hostname', 'domainname'] as const) {
    if (spec[name] !== undefined) checkHostname(name, spec[name]);
  }
  checkSysctls(spec.sysctls ?? {}, sources);
  planMounts(spec.mounts ?? [], () => 'directory');
  if (spec.process.terminal !== undefined && spec.defaultMounts === false) {
    throw invalid(
      'process.terminal',
      'a terminal without the default mounts, one of which it is made in (/dev/pts)',
      'leave defaultMounts out, or the terminal (-t)',
    );
  }
  if (spec.init === true && spec.defaultMounts === false) {
    throw invalid(
      'init',
      'an init without the default mounts, by one of which it reaches the container (/proc)',
      'leave defaultMounts out, or the init',
    );
  }
  if (spec.network !== undefined) {
    if (sources.net !== 'new') {
      throw invalid(
        'network',
        'interfaces for a container that shares a net namespace',
        'leave network out, or give the container a net namespace of its own',
      );
    }
    planNetwork(spec.network, { pid: 0 });
  }
  return sources;
}

const invalid = (operation: string, message: string, hint: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation, message, hint });
