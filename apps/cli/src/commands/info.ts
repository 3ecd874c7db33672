import type { SystemInfo } from '@ns/engine-api';

import { defineCommand, type Command } from '../command.js';
import { bool, value } from '../flags/flag.js';
import { driverLines } from '../format/driver-lines.js';
import { formatValue } from '../format/list.js';
import { binarySize } from '../format/units.js';
import { VERSION } from '../version.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS]',
  flags: {
    format: value("Format output using 'json' or a Go template", { short: 'f' }),
    json: bool('Same as --format json'),
  },
  args: [0, 0],
  async run({ cli, flags }) {
    const engine = await cli.engine();
    const info = await engine.info();
    const format = flags.json ? 'json' : (flags.format ?? '');
    if (format !== '') {
      cli.print(formatValue(info, format));
      return 0;
    }
    cli.print(
      `Client:\n Version:    ${VERSION}\n Engine at:  ${engine.host}\n\nServer:\n${serverLines(info).join('\n')}`,
    );
    for (const warning of info.Warnings ?? []) cli.warn(warning);
    return 0;
  },
});

function serverLines(info: SystemInfo): string[] {
  return [
    ` Containers: ${info.Containers}`,
    `  Running: ${info.ContainersRunning}`,
    `  Paused: ${info.ContainersPaused}`,
    `  Stopped: ${info.ContainersStopped}`,
    ` Images: ${info.Images}`,
    ...line('Server Version', info.ServerVersion),
    ...line('Storage Driver', info.Driver),
    ...(info.DriverStatus ?? []).map(([key, text]) => `  ${key}: ${text}`),
    ...line('Logging Driver', info.LoggingDriver),
    ...line('Cgroup Driver', info.CgroupDriver),
    ...line('Cgroup Version', info.CgroupVersion),
    ...runtimes(info),
    ...securityOptions(info),
    ...line('Kernel Version', info.KernelVersion),
    ...line('Operating System', info.OperatingSystem),
    ...line('OSType', info.OSType),
    ...line('Architecture', info.Architecture),
    ` CPUs: ${info.NCPU}`,
    ` Total Memory: ${binarySize(info.MemTotal)}`,
    ...line('Name', info.Name),
    ...line('ID', info.ID),
    ` Root Dir: ${info.DockerRootDir}`,
    ` Debug Mode: ${info.Debug}`,
    ...(info.Labels ?? []).map((label, i) => `${i === 0 ? ' Labels:\n' : ''}  ${label}`),
    ` Live Restore Enabled: ${info.LiveRestoreEnabled}`,
  ];
}

const line = (title: string, text: string | undefined): string[] =>
  text === undefined || text === '' ? [] : [` ${title}: ${text}`];

function runtimes(info: SystemInfo): string[] {
  const names = Object.keys(info.Runtimes ?? {});
  return names.length === 0
    ? []
    : [
        ` Runtimes: ${names.join(' ')}`,
        ` Default Runtime: ${info.DefaultRuntime}`,
        ...driverLines(info.NsDrivers ?? []),
      ];
}

/** `name=seccomp,profile=builtin` → `seccomp`, `Profile: builtin`. */
function securityOptions({ SecurityOptions: options }: SystemInfo): string[] {
  if ((options ?? []).length === 0) return [];
  return [
    ' Security Options:',
    ...options.flatMap((option) => {
      const pairs = option.split(',').map((pair) => pair.split('='));
      const name = pairs.find(([key]) => key === 'name')?.[1] ?? option;
      const profile = pairs.find(([key]) => key === 'profile')?.[1];
      return [`  ${name}`, ...(profile === undefined ? [] : [`   Profile: ${profile}`])];
    }),
  ];
}
