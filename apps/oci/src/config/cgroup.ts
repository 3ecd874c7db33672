import type { CgroupPlan } from '../plan.js';
import { invalid, show } from './invalid.js';

const FIELD = 'linux.cgroupsPath';

/**
 * Translate `linux.cgroupsPath`.
 *
 * @param systemd - With `--systemd-cgroup`: the form is `SLICE:PREFIX:NAME`, and it has a default.
 * @param id - The container's, for that default.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export const planCgroup = (path: string, systemd: boolean, id: string): CgroupPlan | undefined =>
  systemd ? systemdUnit(path, id) : hierarchyPath(path);

/** A relative path is below the mount point too: "a runtime-determined location". */
function hierarchyPath(path: string): CgroupPlan | undefined {
  if (path === '') return undefined;
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw invalid(FIELD, `${show(path)} leads upwards`);
  if (parts.length === 0) throw invalid(FIELD, `${show(path)} is the root cgroup`, 'name one below it');
  if (path.includes(':') && !path.includes('/')) {
    throw invalid(
      FIELD,
      `${show(path)} is the name of a systemd unit`,
      'call the runtime with --systemd-cgroup',
    );
  }
  if (parts.some((part) => Buffer.byteLength(part) > 255) || Buffer.byteLength(path) > 4095) {
    throw invalid(FIELD, `${show(path)} is too long for a path`);
  }
  if (/[\n]/.test(path)) throw invalid(FIELD, `${show(path)} holds a line break`);
  return { kind: 'path', path: `/${parts.join('/')}` };
}

/** What systemd takes in a unit's name: systemd.unit(5). */
const UNIT_NAME = /^[\w:.\\@-]*$/;

function systemdUnit(path: string, id: string): CgroupPlan {
  const [slice = '', prefix = '', name = '', ...more] = path === '' ? ['', 'ns-oci', id] : path.split(':');
  if (path !== '' && (path.split(':').length !== 3 || more.length > 0)) {
    throw invalid(FIELD, `${show(path)} does not read SLICE:PREFIX:NAME`, 'with --systemd-cgroup it has to');
  }
  if (name === '') throw invalid(FIELD, `${show(path)} has no name after the last colon`);
  for (const part of [slice, prefix, name]) {
    if (!UNIT_NAME.test(part) || part.length > 200)
      throw invalid(FIELD, `${show(part)} cannot be in a unit's name`);
  }
  if (slice !== '' && !(slice.endsWith('.slice') && isSliceName(slice.slice(0, -6)))) {
    throw invalid(FIELD, `${show(slice)} is no slice`, 'for example system.slice, or machine-web.slice');
  }
  if (name.endsWith('.slice') && !isSliceName(name.slice(0, -6)))
    throw invalid(FIELD, `${show(name)} is no slice`);
  return { kind: 'systemd', slice, prefix, name };
}

/** `-` is the root slice; in every other name dashes part the names of the slices on the way. */
const isSliceName = (name: string): boolean =>
  name === '-' || (name !== '' && !name.startsWith('-') && !name.endsWith('-') && !name.includes('--'));
