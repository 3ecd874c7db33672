import { parseJson } from './json.js';
import { planContainer } from './plan-container.js';
import { checkConfig } from './schema/config.js';
import type { ContainerPlan } from '../plan.js';

/** The smallest configuration that is one, for tests. */
export const sample = (members: object = {}): Record<string, unknown> => ({
  ociVersion: '1.2.0',
  root: { path: 'rootfs' },
  process: { cwd: '/', args: ['true'], user: { uid: 0, gid: 0 } },
  linux: { namespaces: [{ type: 'mount' }] },
  ...members,
});

/** With other members of `linux`. */
export const withLinux = (members: object): Record<string, unknown> =>
  sample({ linux: { namespaces: [{ type: 'mount' }], ...members } });

/** With other members of `process`. */
export const withProcess = (members: object): Record<string, unknown> =>
  sample({ process: { cwd: '/', args: ['true'], ...members } });

/** The plan of a configuration's text or value, of a bundle in `/b`. */
export function planOf(
  config: unknown,
  options: { systemdCgroup?: boolean; rootless?: boolean; warn?: (message: string) => void } = {},
): ContainerPlan {
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  return planContainer(checkConfig(parseJson('config.json', Buffer.from(text))), {
    id: 'box',
    bundle: '/b',
    root: '/b/rootfs',
    systemdCgroup: false,
    rootless: false,
    warn: () => undefined,
    ...options,
  });
}
