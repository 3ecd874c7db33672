/** The error and its causes, outermost first. A cycle ends the walk. */
export function* causes(error: unknown): Generator<unknown> {
  const seen = new Set<unknown>();
  for (let at = error; at !== undefined && at !== null && !seen.has(at);) {
    seen.add(at);
    yield at;
    at = (at as { cause?: unknown }).cause;
  }
}

/**
 * True when the kernel's word anywhere in the chain of causes is one of `codes`.
 *
 * @example
 * ```ts
 * try { unmount('/mnt'); } catch (error) { if (!isErrno(error, 'EINVAL')) throw error; }
 * ```
 */
export function isErrno(error: unknown, ...codes: string[]): boolean {
  for (const link of causes(error)) {
    const code = (link as { code?: unknown }).code;
    if (typeof code === 'string' && codes.includes(code)) return true;
  }
  return false;
}

/** The first hint in the chain of causes, if any link has one. */
export function hintOf(error: unknown): string | undefined {
  for (const link of causes(error)) {
    const hint = (link as { hint?: unknown }).hint;
    if (typeof hint === 'string') return hint;
  }
  return undefined;
}
