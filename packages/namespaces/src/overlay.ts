import { invalid } from './invalid.js';
import type { RootSpec } from './spec.js';

/** An overlay of host directories. */
export type OverlaySpec = Extract<RootSpec, { kind: 'overlay' }>;

/** The kernel's limit of lower layers. */
const MAX_LAYERS = 500;
/** Longest value of a file system parameter given with fsconfig(2). */
const MAX_PARAMETER = 255;
/** Longest options of mount(2): a page, with its NUL. */
const MAX_DATA = 4095;

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for no layer, too many, a path that is not absolute, an upper without work. */
export function checkOverlay(spec: OverlaySpec): void {
  if (spec.lower.length === 0) throw invalid('root', 'an overlay needs at least one lower directory');
  if (spec.lower.length > MAX_LAYERS) {
    throw invalid('root', `${spec.lower.length} lower directories are more than the kernel's ${MAX_LAYERS}`);
  }
  if ((spec.upper === undefined) !== (spec.work === undefined)) {
    throw invalid('root', 'an overlay has either both an upper and a work directory or neither', {
      hint: 'the work directory must be an empty directory on the file system of the upper one',
    });
  }
  const { lower, upper, work } = spec;
  for (const path of [...lower, ...(upper !== undefined && work !== undefined ? [upper, work] : [])]) {
    checkHostPath('root', path);
  }
}

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a path that is empty, relative or holds a NUL. */
export function checkHostPath(operation: string, path: string): void {
  if (path === '') throw invalid(operation, 'a path is empty');
  if (!path.startsWith('/')) {
    throw invalid(operation, `path ${JSON.stringify(path)} is not absolute`, { path });
  }
  if (path.includes('\0')) throw invalid(operation, `path ${JSON.stringify(path)} holds a NUL`, { path });
}

/**
 * True when a path can be a parameter of its own (`lowerdir+`, `upperdir`, `workdir`): not too long, and free of the
 * characters that some kernels take for separators or escapes.
 */
export const isPlainParameter = (path: string): boolean =>
  Buffer.byteLength(path) <= MAX_PARAMETER && !/[\\:,]/.test(path);

/** `\` before what the overlay file system splits its lower directories at. */
const escapeLayer = (path: string): string => path.replaceAll(/[\\:]/g, (found) => `\\${found}`);
/** `\` before what mount(2) splits options at; the overlay file system takes it off again. */
const escapeOption = (value: string): string => value.replaceAll(',', '\\,');

/** Options of an overlay for mount(2), or undefined when they are longer than the kernel takes. */
export function overlayData(layers: {
  readonly lower: readonly string[];
  readonly upper?: string | undefined;
  readonly work?: string | undefined;
  readonly userxattr: boolean;
}): string | undefined {
  const { lower, upper, work, userxattr } = layers;
  const options = [`lowerdir=${escapeOption(lower.map(escapeLayer).join(':'))}`];
  if (upper !== undefined && work !== undefined) {
    options.push(`upperdir=${escapeOption(upper.replaceAll('\\', '\\\\'))}`);
    options.push(`workdir=${escapeOption(work.replaceAll('\\', '\\\\'))}`);
  }
  options.push('index=off');
  if (userxattr) options.push('userxattr');
  const data = options.join(',');
  return Buffer.byteLength(data) <= MAX_DATA ? data : undefined;
}
