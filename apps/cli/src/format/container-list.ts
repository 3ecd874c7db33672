import type { ContainerSummary, Port } from '@ns/engine-api';

import type { ListDescription } from './list.js';
import { View } from './template/value.js';
import { ago, humanSize, localTime } from './units.js';
import { ellipsis } from './width.js';

/** The first twelve digits of an id, with or without its algorithm. */
export const shortId = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12);

/** How `ps` lists containers. */
export function containerList(trunc: boolean, size: boolean): ListDescription<ContainerSummary> {
  return {
    headers: HEADERS,
    columns: ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names', ...(size ? ['Size'] : [])],
    quiet: 'ID',
    view: (container) => containerView(container, trunc),
    colour: (column, { State, Status }) => (column === 'Status' ? colourOf(State, Status) : undefined),
  };
}

const GREEN = 32;
const RED = 31;

function colourOf(state: string, status: string): number | undefined {
  if (state === 'running') return GREEN;
  return state === 'dead' || /^Exited \([^0]/.test(status) ? RED : undefined;
}

const HEADERS = {
  ID: 'CONTAINER ID',
  Image: 'IMAGE',
  Command: 'COMMAND',
  CreatedAt: 'CREATED AT',
  RunningFor: 'CREATED',
  Status: 'STATUS',
  State: 'STATE',
  Ports: 'PORTS',
  Names: 'NAMES',
  Size: 'SIZE',
  Labels: 'LABELS',
  Mounts: 'MOUNTS',
  LocalVolumes: 'LOCAL VOLUMES',
  Networks: 'NETWORKS',
} as const;

/** A container as templates see it. */
export function containerView(container: ContainerSummary, trunc: boolean): View {
  const labels = container.Labels ?? {};
  const mounts = (container.Mounts ?? []).map((mount) => mount.Name ?? mount.Source);
  return new View({
    ID: () => (trunc ? shortId(container.Id) : container.Id),
    Image: () => image(container, trunc),
    Command: () => JSON.stringify(trunc ? ellipsis(container.Command, 20) : container.Command),
    CreatedAt: () => localTime(new Date(container.Created * 1000)),
    RunningFor: () => ago(container.Created),
    Status: () => container.Status,
    State: () => container.State,
    Ports: () => displayPorts(container.Ports ?? []),
    Names: () => names(container.Names ?? [], trunc),
    Size: () => sizes(container),
    Labels: () =>
      Object.entries(labels)
        .map(([key, label]) => `${key}=${label}`)
        .toSorted()
        .join(','),
    Label: (name: unknown) => labels[String(name)] ?? '',
    Mounts: () => mounts.map((mount) => (trunc ? ellipsis(mount, 15) : mount)).join(','),
    LocalVolumes: () => String((container.Mounts ?? []).filter(({ Driver }) => Driver === 'local').length),
    Networks: () => Object.keys(container.NetworkSettings?.Networks ?? {}).join(','),
  });
}

function image({ Image, ImageID }: ContainerSummary, trunc: boolean): string {
  if (Image === '') return '<no image>';
  if (!trunc) return Image;
  if (shortId(Image) === shortId(ImageID)) return shortId(Image);
  return Image.replace(/^docker\.io\/(library\/)?/, '').replace(/@sha256:[0-9a-f]+$/, '');
}

/** Truncated: the one name that is no link of another container's. */
function names(all: readonly string[], trunc: boolean): string {
  const bare = all.map((name) => name.replace(/^\//, ''));
  return trunc ? (bare.find((name) => !name.includes('/')) ?? '') : bare.join(',');
}

function sizes({ SizeRw = 0, SizeRootFs = 0 }: ContainerSummary): string {
  return SizeRootFs > 0 ? `${humanSize(SizeRw)} (virtual ${humanSize(SizeRootFs)})` : humanSize(SizeRw);
}

/** `0.0.0.0:80->8080/tcp, 9000-9002/tcp`: neighbours that are published alike are one range. */
export function displayPorts(ports: readonly Port[]): string {
  const sorted = [...ports].toSorted(
    (a, b) =>
      a.PrivatePort - b.PrivatePort ||
      (a.IP ?? '').localeCompare(b.IP ?? '') ||
      (a.PublicPort ?? 0) - (b.PublicPort ?? 0),
  );
  const ranges = new Map<string, { ip: string; type: string; first: number; last: number }[]>();
  const single: string[] = [];
  for (const { IP: ip = '', PrivatePort: port, PublicPort, Type: type } of sorted) {
    if (ip !== '' && PublicPort !== port) {
      single.push(`${hostPort(ip, String(PublicPort))}->${port}/${type}`);
      continue;
    }
    const group = ranges.get(`${ip}/${type}`) ?? [];
    const last = group.at(-1);
    if (last?.last === port - 1) last.last = port;
    else group.push({ ip, type, first: port, last: port });
    ranges.set(`${ip}/${type}`, group);
  }
  const grouped = [...ranges.values()].flat().map(({ ip, type, first, last }) => {
    const range = first === last ? String(first) : `${first}-${last}`;
    return `${ip === '' ? '' : `${hostPort(ip, range)}->`}${range}/${type}`;
  });
  return [...grouped, ...single].join(', ');
}

const hostPort = (ip: string, port: string): string =>
  ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
