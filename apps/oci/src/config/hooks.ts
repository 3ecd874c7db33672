import type { Hook, Hooks } from '../plan.js';
import { invalid, show } from './invalid.js';
import type { OciHooks } from './schema/process.js';

/** The points of a container's life, by the specification's names. */
export const HOOK_NAMES = [
  'prestart',
  'createRuntime',
  'createContainer',
  'startContainer',
  'poststart',
  'poststop',
] as const;

/** A day: a hook that takes longer is none. */
const MAX_TIMEOUT = 86_400;

/**
 * Translate `hooks`.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function planHooks(hooks: OciHooks): Hooks {
  const entries = HOOK_NAMES.map((name): [string, Hook[]] => [
    name,
    (hooks[name] ?? []).map(({ path, args = [], env = [], timeout }, index) => {
      const field = `hooks.${name}[${index}]`;
      env.forEach((variable, at) => {
        if (!/^[^=]+=/.test(variable))
          throw invalid(`${field}.env[${at}]`, `${show(variable)} does not read NAME=value`);
      });
      if (timeout !== undefined && (timeout < 1 || timeout > MAX_TIMEOUT)) {
        throw invalid(`${field}.timeout`, `${timeout} is not 1 to ${MAX_TIMEOUT} seconds`);
      }
      return { path, args, env, ...(timeout !== undefined && { timeoutSeconds: Number(timeout) }) };
    }),
  ]);
  return Object.fromEntries(entries) as unknown as Hooks;
}
