import { EngineApiError } from '@ns/engine-api';

import type { Cli } from '../cli.js';
import { defineCommand, type Command } from '../command.js';
import { requestOf } from '../create/create-container.js';
import { createFlags } from '../create/flags.js';
import { Failure, UsageFailure } from '../failure.js';
import { bool, boolOn } from '../flags/flag.js';
import { detachKeysFlag } from '../session/detach-flag.js';

/** `ns explain run …`: every flag of run is known, and those that are not about the container change nothing. */
const explainRun: Command = defineCommand({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  flags: {
    ...createFlags,
    detach: bool('Changes nothing here', { short: 'd', hidden: true }),
    detachKeys: { ...detachKeysFlag, hidden: true },
    sigProxy: boolOn('Changes nothing here', { hidden: true }),
    json: bool('Print the steps as JSON'),
  },
  args: [1, Infinity],
  passesOn: true,
  async run(invocation) {
    const { cli, flags } = invocation;
    const request = requestOf(invocation);
    const engine = await cli.engine();
    try {
      if (flags.json) cli.print(JSON.stringify(await engine.explain(request), null, 2));
      else cli.stdout.write(await engine.explainText(request));
    } catch (error) {
      throw unknownToOthers(error) ?? error;
    }
    return 0;
  },
});

function unknownToOthers(error: unknown): Failure | undefined {
  if (!EngineApiError.is(error) || error.status !== 404 || /no such/i.test(error.engineMessage))
    return undefined;
  return new Failure(1, 'this engine cannot explain', {
    hint: 'name an ns-daemon with -H or NS_HOST',
    cause: error,
  });
}

export const command: Command = {
  async call(cli: Cli, name, summary, words) {
    // `--json` may stand before the word that is explained, where it reads best.
    const at = words.findIndex((word) => !word.startsWith('-'));
    const before = at === -1 ? words : words.slice(0, at);
    if (at === -1 || !['run', 'create'].includes(words[at] ?? '')) {
      if (before.some((word) => ['--help', '-h'].includes(word)))
        return explainRun.call(cli, `${name} run`, summary, ['--help']);
      throw new UsageFailure(`${name} run`, `'ns ${name}' explains run: ns explain run IMAGE COMMAND`, 1);
    }
    return explainRun.call(cli, `${name} ${words[at]}`, summary, [...before, ...words.slice(at + 1)]);
  },
};
