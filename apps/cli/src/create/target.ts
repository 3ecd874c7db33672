/**
 * A mount's place in the container.
 *
 * @throws `Error` unless it is absolute and below `/`.
 */
export function checkTarget(target: string): string {
  if (target === '') throw new Error('target is required');
  if (!target.startsWith('/')) throw new Error(`invalid mount path: '${target}' mount path must be absolute`);
  const names = target.split('/').filter((name) => name !== '' && name !== '.');
  const depth = names.reduce((at, name) => (name === '..' ? Math.max(0, at - 1) : at + 1), 0);
  if (depth === 0) throw new Error(`invalid specification: destination can't be '/'`);
  return target;
}

const VOLUME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** @throws `Error` unless it can be a volume's name. */
export function checkVolumeName(name: string): string {
  if (VOLUME.test(name)) return name;
  throw new Error(
    `${JSON.stringify(name)} includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
  );
}
