import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

import { demux, EngineClient } from '@ns/engine-api';
import { NsError } from '@ns/errors';
import type { DriverModule } from '@ns/execdriver';

import type { Runtime } from '../src/drivers/builtin.js';
import { type Daemon, startDaemon } from '../src/daemon.js';
import { DOCKER } from '../src/engine/errors.js';
import type { ImageService } from '../src/engine/image-source.js';
import type { Machine } from '../src/engine/machine.js';
import { createLogger } from '../src/host/logger.js';
import { DEFAULT_NETWORK } from '../src/network/config.js';
import { FakeDriver } from './fake-driver.js';
import { fakeMachine } from './fake-machine.js';

/** A daemon in this process, on a driver that isolates nothing, with directories of its own. */
export interface Harness extends AsyncDisposable {
  readonly client: EngineClient;
  readonly driver: FakeDriver;
  readonly directory: string;
  readonly socket: string;
  /** What the daemon logged. */
  readonly log: readonly string[];
  /** Close the daemon, and start another one on the same directories and driver. */
  restart(): Promise<void>;
  /** Close the daemon only. */
  close(): Promise<void>;
}

const none = (reference: string): NsError =>
  new NsError('ERR_NS_NOT_FOUND', { operation: DOCKER, message: `No such image: ${reference}` });

/** One image, `busybox`, whose layer is a directory; nothing can be done with it but run it. */
const IMAGE_ID = `sha256:${'b'.repeat(64)}`;
const images: ImageService = {
  async resolve(reference) {
    if (!/^(busybox(:latest)?|(sha256:)?b+)$/.test(reference)) throw none(reference);
    return { id: IMAGE_ID, config: { Cmd: ['sh'], Env: ['PATH=/usr/bin:/bin'], Volumes: { '/data': {} } } };
  },
  createSnapshot: async (_image, container) => ({
    lower: ['/'],
    upper: `/upper/${container}`,
    work: '/work',
  }),
  snapshot: async (container) => ({ lower: ['/'], upper: `/upper/${container}`, work: '/work' }),
  removeSnapshot: async () => undefined,
  snapshots: async () => [],
  count: async () => 1,
  list: async () => [],
  inspect: (reference) => Promise.reject(none(reference)),
  history: (reference) => Promise.reject(none(reference)),
  import: () => Promise.reject(none('import')),
  load: () => (async function* () {})(),
  save: () => (async function* () {})(),
  tag: (reference) => Promise.reject(none(reference)),
  remove: (reference) => Promise.reject(none(reference)),
  close: async () => undefined,
};

/** A driver that exists as a module. */
const moduleOf = (driver: FakeDriver): DriverModule => ({
  info: driver.info,
  probe: async () => ({ available: true }),
  create: () => driver,
});

export async function harness(
  options: { readonly machine?: Machine; readonly runtimes?: readonly Runtime[] } = {},
): Promise<Harness> {
  const directory = mkdtempSync(join(tmpdir(), 'ns-daemon-'));
  const socket = join(directory, 'ns.sock');
  const driver = new FakeDriver();
  const log: string[] = [];
  const start = (): Promise<Daemon> =>
    startDaemon(
      {
        hosts: [`unix://${socket}`],
        dataRoot: join(directory, 'data'),
        execRoot: join(directory, 'exec'),
        pidfile: join(directory, 'pid'),
        group: '0',
        isGroupExplicit: true,
        drivers: {
          execDriver: 'fake',
          defaultRuntime: undefined,
          addRuntimes: [],
          execOpts: [],
          where: String,
          nearby: () => [],
        },
        cgroupParent: '/ns',
        logLevel: 'debug',
        // The machine's own network is left alone.
        network: { ...DEFAULT_NETWORK, bridge: 'none', isBridgeGiven: true },
        defaultUlimits: [],
        remap: undefined,
      },
      {
        version: '0.0.0',
        logger: createLogger('debug', (line) => log.push(line)),
        drivers: {
          defaultName: 'fake',
          runtimes: [{ name: 'fake', load: async () => moduleOf(driver) }, ...(options.runtimes ?? [])],
        },
        machine: options.machine ?? fakeMachine(),
        openImages: async () => images,
      },
    );
  let daemon: Daemon | undefined = await start();
  const client = new EngineClient({ host: `unix://${socket}` });
  const close = async (): Promise<void> => {
    client.close();
    await daemon?.close();
    daemon = undefined;
  };
  return {
    client,
    driver,
    directory,
    socket,
    log,
    close,
    async restart() {
      await close();
      daemon = await start();
    },
    async [Symbol.asyncDispose]() {
      await close();
      for (const container of driver.containers.values()) await container.destroy();
      rmSync(directory, { recursive: true });
    },
  };
}

/** A create request for a shell command. */
export const shell = (script: string, extra: object = {}): { Image: string; Cmd: string[] } => ({
  Image: 'busybox',
  Cmd: ['/bin/sh', '-c', script],
  ...extra,
});

export async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** Both streams of a framed one. */
export async function split(stream: Readable): Promise<{ stdout: string; stderr: string }> {
  const { PassThrough } = await import('node:stream');
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = Promise.all([textOf(stdout), textOf(stderr)]);
  await demux(stream, { stdout, stderr });
  stdout.end();
  stderr.end();
  const [out, err] = await texts;
  return { stdout: out, stderr: err };
}

/** Run a container to its end. @returns Its id and exit code. */
export async function run(client: EngineClient, request: object): Promise<{ id: string; code: number }> {
  const { Id } = await client.containerCreate(request);
  const { exit } = await client.containerBeginWait(Id, 'next-exit');
  await client.containerStart(Id);
  return { id: Id, code: (await exit).StatusCode };
}

/** Wait until something holds. @throws `Error` when the patience is at its end. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  patienceMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
}
