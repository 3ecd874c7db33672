import type { ContainerConfig } from '@ns/engine-api';
import { NsError } from '@ns/errors';

import type { CheckedCreate } from './create-schema.js';
import { DOCKER } from './errors.js';

type UserConfig = Omit<CheckedCreate, 'HostConfig' | 'NetworkingConfig'>;

/** The part of an image's configuration that containers inherit. */
export type ImageConfig = Pick<
  ContainerConfig,
  | 'User'
  | 'ExposedPorts'
  | 'Env'
  | 'Entrypoint'
  | 'Cmd'
  | 'WorkingDir'
  | 'Volumes'
  | 'Labels'
  | 'StopSignal'
  | 'Shell'
  | 'Healthcheck'
>;

const variableName = (entry: string): string => entry.split('=', 1)[0] as string;

/**
 * What the user asked for, completed with what the image says.
 *
 * A command of the user replaces the image's; an entrypoint of the user replaces both, and `['']` clears it.
 */
export function mergeImageConfig(user: UserConfig, image: ImageConfig): ContainerConfig {
  const given = new Set((user.Env ?? []).map(variableName));
  const inherited = (image.Env ?? []).filter((entry) => !given.has(variableName(entry)));
  const hasEntrypoint = (user.Entrypoint?.length ?? 0) > 0;
  const hasCommand = (user.Cmd?.length ?? 0) > 0;
  const entrypoint = hasEntrypoint ? user.Entrypoint : (image.Entrypoint ?? undefined);
  return {
    Hostname: user.Hostname ?? '',
    Domainname: user.Domainname ?? '',
    User: user.User || image.User || '',
    AttachStdin: user.AttachStdin ?? false,
    AttachStdout: user.AttachStdout ?? false,
    AttachStderr: user.AttachStderr ?? false,
    ...union('ExposedPorts', image.ExposedPorts, user.ExposedPorts),
    Tty: user.Tty ?? false,
    OpenStdin: user.OpenStdin ?? false,
    StdinOnce: user.StdinOnce ?? false,
    Env: [...(user.Env ?? []), ...inherited],
    Cmd: (hasCommand ? user.Cmd : hasEntrypoint ? undefined : image.Cmd) ?? null,
    ...(user.Healthcheck || image.Healthcheck
      ? { Healthcheck: user.Healthcheck ?? image.Healthcheck ?? null }
      : {}),
    Image: user.Image ?? '',
    Volumes: union('Volumes', image.Volumes, user.Volumes).Volumes ?? null,
    WorkingDir: user.WorkingDir || image.WorkingDir || '',
    Entrypoint: entrypoint?.length === 1 && entrypoint[0] === '' ? null : (entrypoint ?? null),
    OnBuild: null,
    Labels: { ...image.Labels, ...user.Labels },
    ...optionalText('StopSignal', user.StopSignal || image.StopSignal),
    ...(user.StopTimeout === undefined ? {} : { StopTimeout: user.StopTimeout }),
    ...(user.Shell || image.Shell ? { Shell: user.Shell ?? image.Shell ?? null } : {}),
  };
}

function union<K extends 'ExposedPorts' | 'Volumes'>(
  key: K,
  ...sets: readonly (ContainerConfig[K] | undefined)[]
): Pick<ContainerConfig, K> {
  const all = Object.assign({}, ...sets) as Record<string, Record<string, never>>;
  return Object.keys(all).length > 0
    ? ({ [key]: all } as Pick<ContainerConfig, K>)
    : ({} as Pick<ContainerConfig, K>);
}

const optionalText = <K extends string>(key: K, value: string | undefined): { [P in K]?: string } =>
  (value ? { [key]: value } : {}) as { [P in K]?: string };

/**
 * The program and its arguments: entrypoint, then command.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` when there is none. The words are Docker's.
 */
export function commandOf(config: ContainerConfig): string[] {
  const command = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  if (command.length > 0 && command[0] !== '') return command;
  throw new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: DOCKER,
    message: 'no command specified',
    hint: 'The image names no program to run: give one after the image.',
  });
}

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The environment of the program: Docker's defaults, then the configuration's, in which a bare `NAME` takes a variable
 * away. The driver adds HOME, which depends on the user.
 */
export function environmentOf(config: ContainerConfig, hostname: string): string[] {
  const variables = new Map<string, string>();
  const defaults = [DEFAULT_PATH, `HOSTNAME=${hostname}`, ...(config.Tty ? ['TERM=xterm'] : [])];
  for (const entry of [...defaults, ...(config.Env ?? [])]) {
    if (entry.includes('=')) variables.set(variableName(entry), entry);
    else variables.delete(entry);
  }
  return [...variables.values()];
}

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a variable without a name, or one that holds a NUL. */
export function checkEnvironment(entries: readonly string[]): void {
  for (const entry of entries) {
    if (entry !== '' && !entry.startsWith('=') && !entry.includes('\0')) continue;
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: 'Env',
      message: `invalid environment variable: ${JSON.stringify(entry)}`,
      hint: 'Give NAME=value, or NAME alone to take a variable of the image away.',
    });
  }
}
