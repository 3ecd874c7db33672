import { DEFAULT_HOST } from '@ns/engine-api';

/** Which engine is meant, and whether somebody said so. */
export interface EngineHost {
  readonly host: string;
  /** What named it: `-H`, `NS_HOST`, `DOCKER_HOST`; undefined for the default. */
  readonly chosenBy: string | undefined;
}

/** `-H`, then `NS_HOST`, then `DOCKER_HOST`, then ns-daemon's own socket. Empty values name nothing. */
export function engineHost(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): EngineHost {
  const named: [string, string | undefined][] = [
    ['-H', flag],
    ['NS_HOST', env['NS_HOST']],
    ['DOCKER_HOST', env['DOCKER_HOST']],
  ];
  for (const [chosenBy, host] of named) {
    if (host !== undefined && host !== '') return { host, chosenBy };
  }
  return { host: DEFAULT_HOST, chosenBy: undefined };
}
