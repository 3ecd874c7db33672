import { NsError } from '@ns/errors';

import type { Hook } from '../plan.js';
import type { OciState } from './state.js';

/**
 * Run a hook in the runtime's namespaces, with the container's state on its standard input.
 *
 * @throws {@link NsError} `ERR_NS_STEP_FAILED` when it cannot be run or ends with an error, `ERR_NS_TIMEOUT`
 */
export async function runHook(kind: string, hook: Hook, state: OciState, cwd?: string): Promise<void> {
  // Loading it takes milliseconds, and most containers have no hooks.
  const { spawnSync } = await import('node:child_process');
  const { path, args, env, timeoutSeconds } = hook;
  const operation = `${kind} hook ${path}`;
  const result = spawnSync(path, args.slice(1), {
    ...(args[0] === undefined ? {} : { argv0: args[0] }),
    ...(cwd === undefined ? {} : { cwd }),
    env: Object.fromEntries(
      env.map((entry) => {
        const equals = entry.indexOf('=');
        return equals === -1 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
      }),
    ),
    input: `${JSON.stringify(state)}\n`,
    killSignal: 'SIGKILL',
    maxBuffer: 1024 * 1024,
    ...(timeoutSeconds === undefined ? {} : { timeout: timeoutSeconds * 1000 }),
  });
  const { error, status, signal, stderr } = result;
  const code = error !== undefined && 'code' in error ? error.code : undefined;
  // One that does not read its input has not failed for it.
  if (status === 0 && (code === undefined || code === 'EPIPE')) return;
  const said = stderr?.toString().trim();
  const words = said === undefined || said === '' ? '' : `: ${said.slice(0, 2000)}`;
  if (code === 'ETIMEDOUT') {
    throw new NsError('ERR_NS_TIMEOUT', {
      operation,
      message: `did not end within its timeout of ${timeoutSeconds} s${words}`,
      hint: 'raise the timeout in the configuration, or look at what the hook waits for',
    });
  }
  const how =
    signal !== null
      ? `was ended by ${signal}`
      : status !== null
        ? `exited with status ${status}`
        : String(code);
  throw new NsError('ERR_NS_STEP_FAILED', { operation, message: `${how}${words}`, cause: error });
}

/** Run hooks whose failure is told and stops nothing. */
export async function runHooksAnyway(
  kind: string,
  hooks: readonly Hook[],
  state: OciState,
  warn: (message: string) => void,
): Promise<void> {
  for (const hook of hooks) {
    try {
      await runHook(kind, hook, state);
    } catch (error) {
      warn(error instanceof Error ? error.message : String(error));
    }
  }
}
