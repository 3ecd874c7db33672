/**
 * Arguments for a Node that reads the workspace's sources, as the tests do: by the condition that the packages export
 * them under, and with the `.js` of an import meaning the `.ts` beside it.
 */
const HOOK = `
import { registerHooks } from 'node:module';
registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith('.') || !specifier.endsWith('.js')) return next(specifier, context);
    try { return next(specifier.replace(/js$/, 'ts'), context); } catch { return next(specifier, context); }
  },
});`;

/** See {@link HOOK}. */
export const SOURCE_LOADER: readonly string[] = [
  '--no-warnings',
  '--conditions=@ns/source',
  `--import=data:text/javascript,${encodeURIComponent(HOOK)}`,
];
