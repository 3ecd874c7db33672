import { basename } from 'node:path';

import { isErrno, NsError } from '@ns/errors';
import {
  compile,
  ERRNO,
  failsWith,
  loadImage,
  pidfdOpen,
  pidfdSendSignal,
  readAvailable,
  setNonblocking,
  SIG,
  type OwnedFd,
} from '@ns/syscall';

import type { Exit, ProcessSpec } from '../contract.js';
import { abandonEnds, type PreparedEnds } from '../native/ends.js';
import { exitOf } from '../native/exit.js';
import { launch, stayFor, type Launch } from '../native/launch.js';
import { withDefaults } from '../native/rlimits.js';
import { Session } from '../native/session.js';
import { exitOfMonitored, receiveMaster } from '../native/start.js';
import { giveEnds } from '../native/stream-owner.js';
import type { HostCommand, StartedCommand } from './command.js';
import { commandProgram, FIRST_EXTRA, type CommandRoot } from './command-program.js';
import { listenForConsole } from './console.js';
import { endedEarly } from './ended-early.js';
import { commandEnds, type CommandEnds } from './ends.js';
import { waitFor } from './wait-for.js';

/** What is needed to run a host command under a monitor. */
export interface CommandStart {
  readonly operation: 'start' | 'exec';
  readonly process: Pick<ProcessSpec, 'terminal' | 'stdio'>;
  readonly command: HostCommand;
  /** What `ps` shows of the monitor. */
  readonly argv: readonly string[];
  readonly root?: CommandRoot | undefined;
  /** Beside the streams: the root, the state directory. Not closed. */
  readonly fds: Readonly<Record<number, number>>;
  /** The user of the process, as the host has it: gets the pipes. */
  readonly owner: number | undefined;
  /** See {@link CommandDriver.started}. */
  readonly started: (command: StartedCommand) => Promise<{ readonly pid?: number }>;
  readonly timeoutMs: number;
  readonly said: () => string | undefined;
  readonly exit: (waitStatus: number, at: Date) => Exit;
  readonly wasOomKilled?: (() => boolean) | undefined;
  /** Where programs go when memory may not be executed. */
  readonly fallbackDirectory: string;
}

/** Run a host command, and return when the user's program runs. After a failure the command is gone. */
export async function startCommand(options: CommandStart): Promise<Session> {
  const { console } = options.command;
  const ends = commandEnds(options.process as ProcessSpec, options.operation === 'start', options.command);
  using listener =
    console === undefined || options.process.terminal === undefined ? undefined : listenForConsole(console);
  let launched: Launch | undefined;
  let command: RunningCommand | undefined;
  try {
    giveEnds(ends.ours, options.owner);
    launched = spawnCommand(options, ends, listener?.fds ?? {});
    command = follow(options, launched, await launched.started);
    const pid = await within(options, command, firstOf(options, command.started));
    const master = ends.console === undefined ? undefined : receiveMaster(ends.console);
    ends.console?.close();
    const pidfd = failsWith([ERRNO.ESRCH], () => pidfdOpen(pid));
    command.pidfd?.close();
    const { ended, gone, monitorPidfd } = launched;
    return new Session({
      pid,
      pidfd,
      monitorPidfd,
      ends: master === undefined ? ends.ours : { master },
      gone,
      wasOomKilled: options.wasOomKilled,
      exit: ended.then((status) =>
        status === undefined ? exitOfMonitored(undefined, pidfd) : options.exit(status, new Date()),
      ),
    });
  } catch (error) {
    try {
      throw command === undefined ? error : await explained(error, options, command.started, ends);
    } finally {
      if (launched !== undefined && command !== undefined) await abandon(launched, command);
      launched?.monitorPidfd.close();
      abandonEnds(ends);
    }
  }
}

function spawnCommand(
  options: CommandStart,
  prepared: CommandEnds,
  listening: Readonly<Record<number, number>>,
): Launch {
  using theirs = prepared;
  const { command, process } = options;
  const devpts = prepared.devpts === undefined ? {} : { [command.devpts!]: prepared.devpts.fd };
  const extra = Object.entries({ ...command.fds, ...devpts });
  using program = loadImage(
    compile(
      commandProgram({
        command,
        root: options.root,
        extra: extra.map(([number]) => Number(number)),
        rlimits: withDefaults([]),
        stdio: process,
        record: options.operation === 'start',
      }),
    ),
    { fallbackDirectory: options.fallbackDirectory },
  );
  return launch({
    operation: options.operation,
    program,
    argv: options.argv,
    fds: {
      ...options.fds,
      ...theirs.fds,
      ...listening,
      ...Object.fromEntries(extra.map(([, fd], index) => [FIRST_EXTRA + index, fd])),
    },
  });
}

interface RunningCommand {
  readonly started: StartedCommand;
  /** Undefined when it has ended already. */
  readonly pidfd: OwnedFd | undefined;
}

function follow({ command }: CommandStart, { ended, left }: Launch, pid: number): RunningCommand {
  const leaves = command.life !== 'stays';
  return {
    pidfd: failsWith([ERRNO.ESRCH], () => pidfdOpen(pid)),
    started: {
      pid,
      // Both by as many turns: of two records that came together, the first one counts.
      ended: leaves ? Promise.race([left.then(() => 0), ended.then((status) => status)]) : ended,
      over: ended,
      first: leaves ? left : Promise.resolve(pid),
    },
  };
}

async function firstOf(options: CommandStart, started: StartedCommand): Promise<number> {
  const { pid } = await options.started(started);
  if (pid !== undefined) return pid;
  // A command that has left nobody has ended without a first process: that comes after, if it comes.
  const first = await Promise.race([started.first, started.ended.then(() => waitFor(started.first, 50))]);
  if (first === undefined) throw endedEarly(options.operation);
  return first;
}

async function within<T>(
  { operation, command, timeoutMs }: CommandStart,
  { started }: RunningCommand,
  work: Promise<T>,
): Promise<T> {
  const result = work.then((value) => ({ value }));
  const done = await waitFor(result, timeoutMs);
  if (done !== undefined) return done.value;
  throw new NsError('ERR_NS_TIMEOUT', {
    operation,
    message: `${basename(command.file)} (process ${started.pid}) has not run the program within ${timeoutMs / 1000} s`,
    hint: 'see its log, or run it by hand; a busy machine takes longer',
  });
}

/** A command that ended too early has said why, if it is any good. */
async function explained(
  reason: unknown,
  options: CommandStart,
  { ended }: StartedCommand,
  ends: PreparedEnds,
): Promise<unknown> {
  if (!NsError.is(reason) || reason.code !== 'ERR_NS_TOOL_FAILED') return reason;
  const known = ended.then((status) => ({ status }));
  const end = await waitFor(known, 100);
  const { operation, command } = options;
  // One that has left has done its part: what failed came later.
  if (end === undefined || (command.life !== 'stays' && end.status === 0)) return reason;
  const how = end.status === undefined ? 'was killed' : describeEnd(end.status);
  const said = lastLine(options.said() ?? unread(ends.ours.stderr ?? ends.ours.master));
  return new NsError('ERR_NS_TOOL_FAILED', {
    operation,
    message: `${basename(command.file)} ${how} before the program ran${said === '' ? '' : `: ${said}`}`,
    hint: reason.hint,
    cause: reason,
  });
}

function describeEnd(waitStatus: number): string {
  const { code, signal } = exitOf(waitStatus);
  return signal === undefined ? `ended with status ${code}` : `was killed by signal ${signal}`;
}

const MOST_SAID = 4096;
const LONGEST = 400;

/** What is in a pipe or terminal, without waiting. */
function unread(fd: OwnedFd | undefined): string {
  if (fd === undefined) return '';
  try {
    setNonblocking(fd.fd, true);
    return readAvailable(fd.fd, MOST_SAID)?.toString() ?? '';
  } catch (error) {
    // A terminal whose last process has closed it, empty.
    if (isErrno(error, 'EIO')) return '';
    throw error;
  }
}

/** Of some text, as part of a message: escape sequences and the like are not for whoever reads it. */
function lastLine(text: string): string {
  const lines = text
    // oxlint-disable-next-line no-control-regex -- these are what is looked for
    .replaceAll(/\u001B\[[0-9;]*[A-Za-z]|[^\S\n]+/g, ' ')
    // oxlint-disable-next-line no-control-regex -- the same
    .replaceAll(/[\u0000-\u0009\u000B-\u001F\u007F]/g, '')
    .split('\n')
    .map((line) => line.replaceAll(/ +/g, ' ').trim())
    .filter((line) => line !== '');
  return (lines.at(-1) ?? '').slice(0, LONGEST).replace(/\.$/, '');
}

/** Kill the command and what it has left, then the monitor, which may wait for output to be read. */
async function abandon(launched: Launch, { pidfd, started }: RunningCommand): Promise<void> {
  if (pidfd !== undefined) failsWith([ERRNO.ESRCH], () => pidfdSendSignal(pidfd.fd, SIG.SIGKILL));
  pidfd?.close();
  await waitFor(started.ended, 2000);
  const left = await waitFor(launched.left, 0);
  if (left !== undefined) killNow(left);
  const monitor = launched.monitorPidfd;
  failsWith([ERRNO.ESRCH], () => pidfdSendSignal(monitor.fd, SIG.SIGKILL));
  await stayFor(launched.gone);
}

function killNow(pid: number): void {
  using pidfd = failsWith([ERRNO.ESRCH], () => pidfdOpen(pid));
  if (pidfd !== undefined) failsWith([ERRNO.ESRCH], () => pidfdSendSignal(pidfd.fd, SIG.SIGKILL));
}
