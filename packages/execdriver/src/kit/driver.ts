import { mkdirSync } from 'node:fs';

import { NsError } from '@ns/errors';
import { planMounts } from '@ns/namespaces';
import { ERRNO, failsWith, pidfdSendSignal, SIG } from '@ns/syscall';

import { assertAble, unable } from '../abilities.js';
import type { Container, DriverFactory, DriverOptions } from '../contract.js';
import { adoptSession, findMonitor, openInit } from '../native/adopt.js';
import { MonitoredContainer, type Origin } from '../native/container.js';
import { restOf, stateOf } from '../native/driver.js';
import { KILLED } from '../native/exit.js';
import { listStates, StateDirectory } from '../native/state.js';
import { isContainerId, validateSpec } from '../validate.js';
import { CommandBackend } from './backend.js';
import type { CommandDriver } from './command.js';
import { readRunning } from './running.js';

/**
 * A driver over a program of the host, from what is particular to it.
 *
 * @remarks
 * The kit does the state directory and its lock, the life cycle, streams and terminals, the monitor, which sees the end and
 * outlives the engine, adoption, and cleaning. It takes root.
 *
 * @example
 * ```ts
 * export const create = commandDriver(({ settings }) => ({
 *   info: INFO,
 *   prepare: (spec, place) => ({ file: settings?.path ?? '/usr/bin/tool', args: ['tool', …], env: [], life: 'stays' }),
 *   started: async (spec, place, command) => { … },
 * }));
 * ```
 */
export const commandDriver =
  (define: (options: DriverOptions) => CommandDriver): DriverFactory =>
  (options) => {
    const { stateRoot } = options;
    const definition = define(options);
    const { info } = definition;
    return {
      info,
      async create(spec) {
        validateSpec(spec);
        assertAble(info, spec);
        planMounts(spec.mounts ?? []);
        definition.check?.(spec);
        mkdirSync(stateRoot, { recursive: true, mode: 0o700 });
        const directory = new StateDirectory(stateRoot, spec.id);
        directory.create(stateOf(spec, undefined));
        return new MonitoredContainer({
          id: spec.id,
          directory,
          lock: directory.lock(),
          backend: new CommandBackend(spec.id, directory, definition),
          origin: { spec },
        });
      },
      async adopt(id) {
        if (!info.abilities.adopt) throw unable(info, 'adopt', 'start the container again');
        return adopt(stateRoot, id, definition);
      },
      async list() {
        return listStates(stateRoot);
      },
    };
  };

async function adopt(stateRoot: string, id: string, definition: CommandDriver): Promise<Container> {
  // What is no id names no container, and could lead out of the state root.
  const directory = isContainerId(id) ? new StateDirectory(stateRoot, id) : undefined;
  if (directory === undefined || !directory.exists()) {
    throw new NsError('ERR_NS_NOT_FOUND', {
      operation: 'adopt',
      message: `no container ${JSON.stringify(id)}`,
      path: stateRoot,
      hint: 'list the containers of this state root',
    });
  }
  const lock = directory.lock();
  try {
    const backend = new CommandBackend(id, directory, definition);
    return new MonitoredContainer({ id, directory, lock, backend, origin: originOf(directory, backend) });
  } catch (error) {
    lock.close();
    throw error;
  }
}

function originOf(directory: StateDirectory, backend: CommandBackend): Origin {
  const state = directory.read();
  const pids = directory.pids();
  if (state === undefined || pids === undefined) return { neverStarted: true };
  const process = readRunning(directory.path);
  if (process === undefined) {
    abandonStart(directory, pids);
    return { neverStarted: true };
  }
  const { wasOomKilled, exit } = backend;
  const session = adoptSession(directory, state, pids, { wasOomKilled, process, exitOf: exit });
  if (session !== undefined) return { session };
  const record = directory.exit();
  const end = exit(record?.waitStatus ?? KILLED, record?.at ?? new Date());
  return { exit: { ...end, oomKilled: end.oomKilled || wasOomKilled() }, streams: restOf(directory) };
}

/** Its creator died while it started: nobody knows whether the program ran, so it shall not. */
function abandonStart(
  directory: StateDirectory,
  pids: { readonly monitor: number; readonly init: number },
): void {
  using monitor = findMonitor(directory, pids);
  if (monitor === undefined) return;
  using first = openInit(pids);
  for (const pidfd of [first, monitor]) {
    if (pidfd !== undefined) failsWith([ERRNO.ESRCH], () => pidfdSendSignal(pidfd.fd, SIG.SIGKILL));
  }
}
