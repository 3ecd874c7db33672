import { EngineApiError, type ContainerCreateRequest, type EngineClient } from '@ns/engine-api';

import type { Cli } from '../cli.js';
import type { Invocation } from '../command.js';
import { CANNOT_RUN, Failure, UsageFailure } from '../failure.js';
import { windowSize } from '../session/window-size.js';
import { CidFile } from './cidfile.js';
import type { CreateFlags } from './flags.js';
import { createRequest } from './request.js';

/** The create request of a command line. @throws {@link UsageFailure} */
export function requestOf({
  cli,
  flags,
  given,
  args,
  name,
}: Invocation<CreateFlags>): ContainerCreateRequest {
  try {
    const request = createRequest({ flags, given, args, env: cli.env, cwd: process.cwd() });
    const size = windowSize(cli.stdout);
    if (size === undefined) return request;
    // The terminal has its size before the program looks at it.
    return { ...request, HostConfig: { ...request.HostConfig, ConsoleSize: [size.h, size.w] } };
  } catch (cause) {
    throw new UsageFailure(name, (cause as Error).message);
  }
}

/** Create a container, with its `--cidfile`, and pass on what the engine warns of. Returns its id. */
export async function createContainer(
  cli: Cli,
  connect: () => Promise<EngineClient>,
  request: ContainerCreateRequest,
  name: string | undefined,
): Promise<{ engine: EngineClient; id: string }> {
  const path = request.HostConfig?.ContainerIDFile;
  const file = path === undefined ? undefined : new CidFile(path);
  try {
    const engine = await connect();
    const { Id, Warnings } = await engine.containerCreate(request, name === undefined ? {} : { name });
    for (const warning of Warnings ?? []) cli.warn(`WARNING: ${warning}`);
    file?.write(Id);
    return { engine, id: Id };
  } catch (error) {
    file?.discard();
    throw withoutImage(error, request) ?? error;
  }
}

function withoutImage(error: unknown, { Image = '' }: ContainerCreateRequest): Failure | undefined {
  if (!EngineApiError.is(error) || error.status !== 404 || !/no such image/i.test(error.engineMessage))
    return undefined;
  const name = Image.includes('@') || /:[^/]+$/.test(Image) ? Image : `${Image}:latest`;
  return new Failure(CANNOT_RUN, `Unable to find image '${name}' locally`, {
    hint: 'ns images lists what is there; ns load and ns import bring an image in; --rootfs runs from a directory',
    cause: error,
  });
}

/** The exit code of an error that kept a container from being started: 127, 126, or 125. */
export function startExitCode(error: unknown): number {
  if (!EngineApiError.is(error)) return error instanceof Failure ? error.exitCode : CANNOT_RUN;
  if (error.nsCode === 'ERR_NS_COMMAND_NOT_FOUND') return NOT_FOUND;
  if (error.nsCode === 'ERR_NS_COMMAND_NOT_EXECUTABLE') return NOT_EXECUTABLE;
  if (error.nsCode !== undefined) return CANNOT_RUN;
  // Other engines say it in words only.
  if (/executable file not found|no such file or directory/i.test(error.engineMessage)) return NOT_FOUND;
  if (/permission denied|is a directory/i.test(error.engineMessage)) return NOT_EXECUTABLE;
  return CANNOT_RUN;
}

const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
