import type { EventMessage } from '@ns/engine-api';

import { defineCommand, type Command } from '../command.js';
import { filtersOf, parseFilter } from '../flags/filter.js';
import { list, value } from '../flags/flag.js';
import { formatValue, listFlags } from '../format/list.js';
import { parseMoment } from '../format/moment.js';
import { visible } from '../format/width.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS]',
  flags: {
    filter: list('Filter output based on conditions provided', {
      short: 'f',
      value: 'filter',
      parse: parseFilter,
    }),
    ...listFlags,
    since: value('Show all events created since timestamp', { parse: (text) => parseMoment(text) }),
    until: value('Stream events until this timestamp', { parse: (text) => parseMoment(text) }),
  },
  args: [0, 0],
  async run({ cli, flags }) {
    const format = flags.json ? 'json' : (flags.format ?? '');
    const engine = await cli.engine();
    const events = engine.events({
      ...(flags.since === undefined ? {} : { since: flags.since }),
      ...(flags.until === undefined ? {} : { until: flags.until }),
      ...(flags.filter.length === 0 ? {} : { filters: filtersOf(flags.filter) }),
    });
    for await (const event of events)
      cli.print(format === '' ? eventLine(event) : formatValue(event, format));
    return 0;
  },
});

/** `2026-01-31T12:00:00.000000000+00:00 container start ID (image=busybox, name=web)` */
function eventLine({ Type, Action, Actor, time, timeNano }: EventMessage): string {
  const attributes = Object.entries(Actor.Attributes ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, own]) => `${key}=${own}`)
    .join(', ');
  const words = [localNano(time, timeNano), Type, Action, Actor.ID].join(' ');
  return visible(attributes === '' ? words : `${words} (${attributes})`);
}

function localNano(time: number, timeNano: number): string {
  const date = new Date(time * 1000);
  const east = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + east * 60_000).toISOString().slice(0, 19);
  const nano = String(Math.max(0, timeNano - time * 1e9)).padStart(9, '0');
  const two = (n: number): string => String(n).padStart(2, '0');
  const zone = `${east < 0 ? '-' : '+'}${two(Math.floor(Math.abs(east) / 60))}:${two(Math.abs(east) % 60)}`;
  return `${local}.${nano}${east === 0 ? 'Z' : zone}`;
}
