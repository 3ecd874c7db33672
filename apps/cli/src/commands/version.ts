import { API_VERSION, EngineClient, type SystemVersion } from '@ns/engine-api';

import type { Cli } from '../cli.js';
import { defineCommand, type Command } from '../command.js';
import { engineHost } from '../engine/host.js';
import { bool, value } from '../flags/flag.js';
import { formatValue } from '../format/list.js';
import { reportLines, reportOf } from '../report.js';
import { VERSION } from '../version.js';

interface ClientVersion {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly DefaultAPIVersion: string;
  readonly NodeVersion: string;
  readonly Os: string;
  readonly Arch: string;
}

export const command: Command = defineCommand({
  usage: '[OPTIONS]',
  flags: {
    format: value("Format output using 'json' or a Go template", { short: 'f' }),
    json: bool('Same as --format json'),
  },
  args: [0, 0],
  async run({ cli, flags }) {
    // Told of itself too when no engine runs, and starts none.
    const engine = new EngineClient({ host: engineHost(cli.host, cli.env).host });
    const answer = await engine.version().catch((error: unknown) => ({ error }));
    const server = 'error' in answer ? undefined : answer;
    const client: ClientVersion = {
      Version: VERSION,
      ApiVersion: server === undefined ? API_VERSION : await engine.apiVersion(),
      DefaultAPIVersion: API_VERSION,
      NodeVersion: process.version,
      Os: process.platform,
      Arch: process.arch === 'x64' ? 'amd64' : process.arch,
    };
    const format = flags.json ? 'json' : (flags.format ?? '');
    if (format !== '') cli.print(formatValue({ Client: client, Server: server ?? null }, format));
    else printVersions(cli, client, server);
    if (server !== undefined) return 0;
    cli.warn(reportLines(reportOf((answer as { error: unknown }).error)));
    return 1;
  },
});

function printVersions(cli: Cli, client: ClientVersion, server: SystemVersion | undefined): void {
  const downgraded =
    client.ApiVersion === client.DefaultAPIVersion ? '' : ` (downgraded from ${client.DefaultAPIVersion})`;
  const row = (title: string, text: string, indent = ' '): string =>
    `${indent}${`${title}:`.padEnd(19)}${text}`;
  cli.print(
    [
      'Client:',
      row('Version', client.Version),
      row('API version', `${client.ApiVersion}${downgraded}`),
      row('Node version', client.NodeVersion),
      row('OS/Arch', `${client.Os}/${client.Arch}`),
    ].join('\n'),
  );
  if (server === undefined) return;
  const engine = [
    row('Version', server.Version, '  '),
    row('API version', `${server.ApiVersion} (minimum version ${server.MinAPIVersion})`, '  '),
    ...(server.GitCommit === '' ? [] : [row('Git commit', server.GitCommit, '  ')]),
    row('OS/Arch', `${server.Os}/${server.Arch}`, '  '),
    row('Kernel', server.KernelVersion, '  '),
  ];
  const parts = (server.Components ?? [])
    .filter(({ Name }) => Name !== 'Engine')
    .flatMap(({ Name, Version }) => [` ${Name}:`, row('Version', Version, '  ')]);
  cli.print(
    [
      '',
      `Server:${server.Platform?.Name ? ` ${server.Platform.Name}` : ''}`,
      ' Engine:',
      ...engine,
      ...parts,
    ].join('\n'),
  );
}
