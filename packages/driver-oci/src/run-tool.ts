import { spawn } from 'node:child_process';

import { NsError } from '@ns/errors';
import { hideFile } from '@ns/execdriver/kit';
import {
  call,
  CLONE,
  compile,
  cstr,
  loadImage,
  MS,
  strings,
  type Image,
  type LoadedImage,
} from '@ns/syscall';

/** What a program left. */
export interface ToolOutcome {
  /** Its exit status; undefined when a signal ended it. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program of the host that does something at once. */
export interface Tool {
  /** Absolute. */
  readonly file: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** Files that are empty for it: it runs in a mount namespace of its own then. */
  readonly hide?: readonly string[];
  /** How long it may take. Default: half a minute. */
  readonly timeoutMs?: number | undefined;
}

/** Programs of the host do their part in milliseconds; a machine that is short of everything takes a while. */
const TIMEOUT_MS = 30_000;
/** More than any of them says. */
const MAX_OUTPUT = 1024 * 1024;

/**
 * Run a program of the host to its end.
 *
 * @throws {@link NsError} `ERR_NS_TIMEOUT` when it has not ended in its time: it is killed then.
 */
export async function runTool(tool: Tool): Promise<ToolOutcome> {
  if (tool.hide === undefined || tool.hide.length === 0) {
    return await outcomeOf(tool, tool.file, tool.args);
  }
  using program = loadImage(hiding(tool.hide, tool));
  return await outcomeOf(tool, execPath(program), ['ns-tool']);
}

/** As a child of this process finds it, before it executes anything. */
const execPath = (program: LoadedImage): string => `/proc/${process.pid}/fd/${program.fd.fd}`;

/** Runs the tool where some files of the host are empty. */
function hiding(paths: readonly string[], { file, args, env }: Tool): Image {
  return compile({
    title: `run ${file} without ${paths.join(', ')}`,
    statusFd: 2,
    failureStatus: 127,
    steps: [
      call('unshare', [CLONE.CLONE_NEWNS], { what: 'get a mount namespace of its own' }),
      call('mount', [cstr('none'), cstr('/'), 0, MS.MS_REC | MS.MS_PRIVATE, 0], {
        what: 'keep the host’s mounts as they are',
      }),
      ...paths.map(hideFile),
      call('execve', [cstr(file), strings(args), strings(env)], { what: `run ${file}` }),
    ],
  });
}

async function outcomeOf(tool: Tool, file: string, args: readonly string[]): Promise<ToolOutcome> {
  const [name = '', ...rest] = args;
  const { timeoutMs = TIMEOUT_MS } = tool;
  const child = spawn(file, rest, {
    argv0: name,
    cwd: '/',
    env: Object.fromEntries(tool.env.map((entry) => splitEntry(entry))),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk: Buffer) => {
      if (output[stream].length < MAX_OUTPUT) output[stream] += chunk.toString();
    });
  }
  const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, by) => resolve([code, by]));
  });
  if (signal === 'SIGKILL' && child.killed) {
    throw new NsError('ERR_NS_TIMEOUT', {
      operation: name,
      message: `the runtime has not ended after ${timeoutMs / 1000} s`,
      path: tool.file,
      hint: 'look at what the machine is busy with, and try again',
    });
  }
  return { status: status ?? undefined, ...output };
}

function splitEntry(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return [entry.slice(0, at), entry.slice(at + 1)];
}
