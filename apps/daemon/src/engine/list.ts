import type { ContainerSummary } from '@ns/engine-api';

import type { ManagedContainer } from './container.js';
import type { EngineContext } from './context.js';
import { invalid } from './errors.js';
import type { Filters } from './filters.js';
import { type ContainerRecord, imageIdOf, isRunning } from './record.js';
import { endpointSettings, portList } from '../network/settings.js';
import { upperOf } from './root.js';
import { diskUsage } from './size.js';
import { statusText } from './status-text.js';

/** The keys by which `GET /containers/json` filters. */
export const LIST_FILTERS = [
  'ancestor',
  'before',
  'exited',
  'expose',
  'health',
  'id',
  'is-task',
  'isolation',
  'label',
  'name',
  'network',
  'publish',
  'since',
  'status',
  'volume',
] as const;

/** Which containers are listed. */
export interface ListOptions {
  readonly all: boolean;
  /** The newest so many, running or not; 0 is all. */
  readonly limit: number;
  readonly size: boolean;
  readonly filters: Filters;
}

const STATUSES = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];

/** The containers that are asked for, newest first. Reads what is known, and waits for no container. */
export async function list(context: EngineContext, options: ListOptions): Promise<ContainerSummary[]> {
  const { filters } = options;
  const matches = matcher(filters, await ancestors(context, filters));
  const all = options.all || options.limit > 0 || filters.has('status') || filters.has('exited');
  const bounds = boundaries(context, filters);
  const found = context.containers
    .all()
    .filter(
      ({ record }) => (all || isRunning(record) || record.state.status === 'restarting') && matches(record),
    )
    .filter(({ record }) => record.created < bounds.before && record.created > bounds.since)
    .slice(0, options.limit > 0 ? options.limit : undefined);
  return await Promise.all(found.map((container) => summarize(context, container, options.size)));
}

function boundaries(context: EngineContext, filters: Filters): { before: string; since: string } {
  const created = (key: string): string[] =>
    filters.get(key).map((reference) => context.containers.get(reference).record.created);
  return {
    before: created('before').toSorted()[0] ?? '\u{ffff}',
    since: created('since').toSorted().at(-1) ?? '',
  };
}

/** The ids of the images that `ancestor` names; one that there is not has no containers. */
async function ancestors(context: EngineContext, filters: Filters): Promise<ReadonlySet<string>> {
  const images = filters
    .get('ancestor')
    .map((reference) => context.images.resolve(reference).catch(() => undefined));
  return new Set((await Promise.all(images)).flatMap((image) => (image ? [image.id] : [])));
}

function matcher(filters: Filters, images: ReadonlySet<string>): (record: ContainerRecord) => boolean {
  for (const status of filters.get('status')) {
    if (!STATUSES.includes(status)) {
      throw invalid(
        'filters',
        `invalid filter 'status=${status}'`,
        `The statuses are ${STATUSES.join(', ')}.`,
      );
    }
  }
  const codes = filters.get('exited').map((text) => {
    if (/^-?\d+$/.test(text)) return Number(text);
    throw invalid('filters', `invalid filter 'exited=${text}'`, 'Give an exit code.');
  });
  return (record) =>
    filters.any('status', (status) => record.state.status === status) &&
    filters.any('id', (id) => record.id.startsWith(id)) &&
    filters.any('name', (name) => isNamed(record.name, name)) &&
    filters.any('network', (network) => (record.hostConfig.NetworkMode ?? '') === network) &&
    filters.any('volume', (volume) =>
      record.mounts.some(({ point }) => point.Name === volume || point.Destination === volume),
    ) &&
    filters.any('health', (health) => health === 'none') &&
    filters.any('is-task', (value) => value === '0' || value === 'false') &&
    (codes.length === 0 || (record.state.status === 'exited' && codes.includes(record.state.exitCode))) &&
    (!filters.has('ancestor') || images.has(imageIdOf(record))) &&
    filters.labels(record.config.Labels ?? {});
}

/** A filter by name is a regular expression, or else a part of the name. */
function isNamed(name: string, wanted: string): boolean {
  const bare = wanted.replace(/^(\^?)\//, '$1');
  if (name.includes(bare)) return true;
  try {
    return new RegExp(bare).test(name);
  } catch {
    return false;
  }
}

async function summarize(
  context: EngineContext,
  container: ManagedContainer,
  withSize: boolean,
): Promise<ContainerSummary> {
  const { record } = container;
  const size = withSize ? await diskUsage(await upperOf(context, record, container.paths)) : undefined;
  return {
    Id: record.id,
    Names: [`/${record.name}`],
    Image: record.image || record.hostConfig.NsRootfs || '',
    ImageID: imageIdOf(record),
    Command: record.command.join(' '),
    Created: Math.floor(Date.parse(record.created) / 1000),
    Ports: portList(context.networks, record),
    ...(size === undefined ? {} : { SizeRw: size, SizeRootFs: size }),
    Labels: record.config.Labels ?? {},
    State: record.state.status,
    Status: statusText(record.state),
    HostConfig: { NetworkMode: record.hostConfig.NetworkMode ?? 'default' },
    NetworkSettings: { Networks: endpointSettings(context.networks, record, context.paths.dataRoot) },
    Mounts: record.mounts.filter(({ point }) => point.Type !== 'tmpfs').map(({ point }) => point),
  };
}
