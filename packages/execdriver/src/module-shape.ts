import type { Abilities } from './contract.js';

/** What each ability has to be. Complete by its type: an ability that is added is asked of every driver. */
const SHAPE: Readonly<Record<keyof Abilities, 'list' | 'boolean' | 'boolean, or nothing'>> = {
  namespaces: 'list',
  joinNamespaces: 'boolean',
  roots: 'list',
  mounts: 'list',
  idMappedMounts: 'boolean',
  readonlyRoot: 'boolean',
  terminal: 'boolean',
  exec: 'boolean',
  signals: 'boolean',
  user: 'boolean',
  capabilities: 'boolean',
  seccomp: 'boolean',
  apparmor: 'boolean',
  rlimits: 'boolean',
  resources: 'boolean',
  pause: 'boolean',
  sysctls: 'boolean',
  network: 'boolean',
  init: 'boolean',
  hostname: 'boolean',
  adopt: 'boolean',
  driverConfig: 'boolean',
  ownKernel: 'boolean, or nothing',
  umask: 'boolean, or nothing',
  checkpoint: 'boolean, or nothing',
};

/** The names of all abilities, in the order of the contract. */
export const ABILITY_NAMES: readonly (keyof typeof SHAPE)[] = Object.keys(SHAPE) as (keyof typeof SHAPE)[];

/** What keeps a value from being the module of a driver, to follow "the driver …"; undefined when nothing does. */
export function flawOf(value: unknown): string | undefined {
  const { info, probe, create } = fieldsOf(value);
  if (typeof create !== 'function') return 'has no function `create`';
  if (typeof probe !== 'function') return 'has no function `probe`';
  const { name, version, contract, abilities } = fieldsOf(info);
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)) {
    return 'has no `info.name` of small letters, digits, ".", "_" and "-"';
  }
  if (typeof version !== 'string' || version === '') return 'has no `info.version`';
  if (typeof contract !== 'number') return 'does not say in `info.contract` for which version it is written';
  const said = fieldsOf(abilities);
  const missing = ABILITY_NAMES.find((ability) => !hasShape(said[ability], SHAPE[ability]));
  return missing === undefined
    ? undefined
    : `does not declare \`info.abilities.${missing}\` (a ${SHAPE[missing]})`;
}

function hasShape(value: unknown, shape: (typeof SHAPE)[keyof Abilities]): boolean {
  if (shape === 'list') return Array.isArray(value);
  return typeof value === 'boolean' || (value === undefined && shape !== 'boolean');
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
