import { closeSync, constants, existsSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { isErrno } from '@ns/errors';
import { compile, failureOf, setNonblocking, type Image } from '@ns/syscall';

import type { ProcessSpec } from '../contract.js';
import type { ExecCommand, Launching, Running, StartedCommand } from '../kit/command.js';
import { endedEarly } from '../kit/ended-early.js';
import type { ExecFacts } from '../native/exec.js';
import { filterOf } from '../native/filter.js';
import { notRunning } from '../native/session.js';
import { startError } from '../native/start-error.js';
import { EXEC_DIRECTORY, execFifo, execProgramFile, type ExecStream } from './exec-ports.js';
import { takeSlot } from './exec-slots.js';
import { execGuestProgram } from './exec-program.js';
import { RELAY_FD, relayProgram } from './exec-relay.js';
import { MACHINE_FILES } from './launcher.js';
import { EVENT, LAST_EVENT, RECORD_SIZE } from './records.js';
import { readEvents } from './state-files.js';
import { GUEST_NAMESPACES, guestRlimits, HIGHEST_CAPABILITY } from './system.js';
import type { Transport } from './transport.js';

/**
 * Execute a program in the container of a virtual machine: what the kit runs for it on the host.
 *
 * @throws {@link NsError} `ERR_NS_CONFLICT` when as many programs run in it as can, `ERR_NS_NOT_RUNNING`.
 */
export async function execInMachine(
  process: ProcessSpec,
  running: Running & Launching,
  transport: Transport,
): Promise<ExecCommand> {
  const { directory } = running;
  const taken = await takeSlot(join(directory, EXEC_DIRECTORY), transport.execSlots);
  const opened = [taken.lock];
  try {
    // Frames of a session that was broken off are told by its number.
    const session = randomInt(1, 0x7fff_fffe);
    const { number } = taken;
    const facts = factsOf(process, running);
    const image = compile(execGuestProgram({ transport, slot: number, session, process, facts }));
    put(join(directory, execProgramFile(number)), image.elf);
    const relay = compile(
      relayProgram({ slot: number, session, isTerminal: process.terminal !== undefined }),
    );
    const file = join(directory, EXEC_DIRECTORY, `${running.name}.relay`);
    const report = join(directory, EXEC_DIRECTORY, `${running.name}.report`);
    put(file, relay.elf);
    const open = (path: string, flags: number): number => keep(opened, openFifo(path, flags));
    const fifo = (stream: ExecStream, flags: number): number =>
      open(join(directory, execFifo(number, stream)), flags);
    const fds = {
      [RELAY_FD.input]: fifo('input', constants.O_WRONLY),
      [RELAY_FD.output]: fifo('output', constants.O_RDONLY),
      [RELAY_FD.errors]: fifo('errors', constants.O_RDONLY),
      [RELAY_FD.events]: fifo('events', constants.O_RDONLY),
      [RELAY_FD.control]: open(join(directory, MACHINE_FILES.control), constants.O_WRONLY),
      [RELAY_FD.report]: keep(
        opened,
        openSync(report, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND, 0o600),
      ),
      [RELAY_FD.lock]: taken.lock,
    };
    return {
      file,
      args: ['ns-exec', running.id],
      env: [],
      fds,
      life: 'stays',
      started: async (command) => {
        for (const fd of opened.splice(0)) closeSync(fd);
        try {
          return await started(command, report, image);
        } finally {
          for (const path of [file, report]) rmSync(path, { force: true });
        }
      },
    };
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw error;
  }
}

function keep(opened: number[], fd: number): number {
  opened.push(fd);
  return fd;
}

/** A file that is executed: whole or not at all. */
function put(path: string, content: Uint8Array): void {
  writeFileSync(`${path}.new`, content, { mode: 0o700 });
  renameSync(`${path}.new`, path);
}

/** Without waiting for the other side, which is the virtual machine. */
function openFifo(path: string, flags: number): number {
  try {
    const fd = openSync(path, flags | constants.O_NONBLOCK);
    setNonblocking(fd, false);
    return fd;
  } catch (error) {
    if (isErrno(error, 'ENXIO', 'ENOENT')) throw notRunning('exec');
    throw error;
  }
}

const factsOf = (process: ProcessSpec, { user, env }: Launching): ExecFacts => ({
  identity: user,
  env,
  highestCapability: HIGHEST_CAPABILITY,
  rlimits: guestRlimits(process),
  filter: filterOf(process),
  joining: undefined,
  owner: user.uid,
  namespaces: GUEST_NAMESPACES,
});

const POLL_MS = 10;

/** Resolves when the guest has told that the program runs. */
async function started(
  command: StartedCommand,
  report: string,
  image: Image,
): Promise<{ readonly pid: number }> {
  let hasEnded = false;
  void command.ended.then(() => (hasEnded = true));
  for (;;) {
    // Looked at before the report: what is not there then does not come any more.
    const isLast = hasEnded;
    const events = existsSync(report) ? readEvents(report) : [];
    const failed = events.find(({ kind }) => kind > LAST_EVENT);
    if (failed !== undefined)
      throw startError('exec', failureOf(image, failed.record.subarray(0, RECORD_SIZE)));
    if (events.some(({ kind }) => kind === EVENT.running)) return { pid: command.pid };
    if (isLast) throw endedEarly('exec');
    await Promise.race([sleep(POLL_MS), command.ended]);
  }
}
