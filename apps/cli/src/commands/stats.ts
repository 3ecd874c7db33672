import type { EngineClient } from '@ns/engine-api';

import type { Cli } from '../cli.js';
import { defineCommand, type Command } from '../command.js';
import { bool } from '../flags/flag.js';
import { listFlags, printList, type ListOptions } from '../format/list.js';
import { statsList, type Reading } from '../format/stats-list.js';
import { reportLines, reportOf } from '../report.js';

const REFRESH_MS = 500;
const CLEAR = '\u001B[H\u001B[J';

export const command: Command = defineCommand({
  usage: '[OPTIONS] [CONTAINER...]',
  flags: {
    ...listFlags,
    all: bool('Show all containers (default shows just running)', { short: 'a' }),
    noStream: bool('Disable streaming stats and only pull the first result'),
    noTrunc: bool("Don't truncate output"),
  },
  args: [0, Infinity],
  async run({ cli, flags, args }) {
    const engine = await cli.engine();
    const options = { ...flags, quiet: false, trunc: !flags.noTrunc };
    const containers = args.length > 0 ? await named(engine, args) : await listed(engine, flags.all);
    return flags.noStream ? once(cli, engine, containers, options) : live(cli, engine, containers, options);
  },
});

interface Named {
  readonly id: string;
  readonly name: string;
}

type Options = ListOptions & { readonly trunc: boolean };

const named = (engine: EngineClient, names: readonly string[]): Promise<Named[]> =>
  Promise.all(
    names.map(async (name) => {
      const { Id, Name } = await engine.containerInspect(name);
      return { id: Id, name: Name.replace(/^\//, '') };
    }),
  );

const listed = async (engine: EngineClient, all: boolean): Promise<Named[]> =>
  (await engine.containerList(all ? { all } : {})).map(({ Id, Names }) => ({
    id: Id,
    name: (Names?.[0] ?? '').replace(/^\//, ''),
  }));

/** Two readings of each, so that there is a share of the processors to tell. */
async function once(
  cli: Cli,
  engine: EngineClient,
  containers: readonly Named[],
  options: Options,
): Promise<number> {
  const readings = await Promise.all(
    containers.map(async (one): Promise<Reading> => {
      const { value } = await engine.containerStats(one.id, { stream: false }).next();
      return { ...one, stats: value ?? undefined };
    }),
  );
  printList(cli, readings, statsList(options.trunc), options);
  return 0;
}

/** Until Ctrl-C, or until all that were named have ended. */
async function live(
  cli: Cli,
  engine: EngineClient,
  containers: readonly Named[],
  options: Options,
): Promise<number> {
  const readings = new Map<string, Reading>(containers.map((one) => [one.id, { ...one, stats: undefined }]));
  const clear = cli.stdout.isTTY && (options.format ?? '') === '' && !options.json ? CLEAR : '';
  const show = (): void => {
    cli.stdout.write(clear);
    printList(cli, [...readings.values()], statsList(options.trunc), options);
  };
  show();
  const timer = setInterval(show, REFRESH_MS);
  let code = 0;
  await Promise.all(
    containers.map(async (one) => {
      try {
        for await (const stats of engine.containerStats(one.id)) readings.set(one.id, { ...one, stats });
      } catch (error) {
        cli.warn(reportLines(reportOf(error)));
        code = 1;
      }
      readings.delete(one.id);
    }),
  );
  clearInterval(timer);
  return code;
}
