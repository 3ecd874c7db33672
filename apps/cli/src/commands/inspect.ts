import { EngineApiError, type EngineClient } from '@ns/engine-api';

import type { Cli } from '../cli.js';
import { defineCommand, type Command } from '../command.js';
import { UsageFailure } from '../failure.js';
import { bool, value, type Flag } from '../flags/flag.js';
import { formatValue } from '../format/list.js';
import { reportLines, reportOf } from '../report.js';

/** The flags of every `inspect`. */
export const inspectFlags: { readonly format: Flag<string | undefined>; readonly json: Flag<boolean> } = {
  format: value("Format output using 'json' or a Go template", { short: 'f' }),
  json: bool('Same as --format json'),
};

/** Looks one thing up. */
export type Lookup = (engine: EngineClient, name: string) => Promise<unknown>;

/** A container. */
export const container =
  (size: boolean): Lookup =>
  (engine, name) =>
    engine.containerInspect(name, size || undefined);

/** An image. */
export const image: Lookup = (engine, name) => engine.imageInspect(name);

/** A network. */
export const network =
  (verbose: boolean): Lookup =>
  (engine, name) =>
    engine.networkInspect(name, verbose ? { verbose } : {});

/** The first that there is. */
const either =
  (lookups: readonly Lookup[]): Lookup =>
  async (engine, name) => {
    for (const lookup of lookups) {
      try {
        return await lookup(engine, name);
      } catch (error) {
        if (!EngineApiError.is(error) || error.status !== 404) throw error;
      }
    }
    throw new Error(`Error: No such object: ${name}`);
  };

/** Print what is found; what is not is an error each, and the exit code is 1. */
export async function inspect(
  cli: Cli,
  names: readonly string[],
  lookup: Lookup,
  flags: { readonly format: string | undefined; readonly json: boolean },
): Promise<number> {
  const format = flags.json ? 'json' : flags.format;
  const engine = await cli.engine();
  const found: unknown[] = [];
  const missing: unknown[] = [];
  for (const name of names) {
    try {
      const data = await lookup(engine, name);
      if (format === undefined || format === '') found.push(data);
      else cli.print(formatValue(data, format));
    } catch (error) {
      missing.push(error);
    }
  }
  if (format === undefined || format === '') cli.print(JSON.stringify(found, null, 4));
  for (const error of missing) cli.warn(reportLines(reportOf(error)));
  return missing.length > 0 ? 1 : 0;
}

export const command: Command = defineCommand({
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  flags: {
    ...inspectFlags,
    size: bool('Display total file sizes if the type is container', { short: 's' }),
    type: value('Only inspect objects of the given type: container, image or network'),
  },
  args: [1, Infinity],
  async run({ cli, flags, args, name }) {
    return inspect(cli, args, lookupOf(name, flags.type ?? '', flags.size), flags);
  },
});

function lookupOf(command_: string, type: string, size: boolean): Lookup {
  switch (type) {
    case '':
      return either([container(size), image, network(false)]);
    case 'container':
      return container(size);
    case 'image':
      return image;
    case 'network':
      return network(false);
    default:
      throw new UsageFailure(
        command_,
        `unknown type: ${JSON.stringify(type)}: it is container, image or network`,
        1,
      );
  }
}
