import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** One tree of control groups that is mounted on the host. */
export interface CgroupHierarchy {
  /** The file system: `cgroup` is version 1. */
  readonly type: 'cgroup' | 'cgroup2';
  /** Its directory below `/sys/fs/cgroup`: `memory`, `cpu,cpuacct`, `systemd`, `unified`; empty for a pure version 2. */
  readonly name: string;
  /** What selects a version 1 hierarchy when it is mounted: controllers, or `name=systemd`. */
  readonly options: readonly string[];
  /** Where this process's cgroup in it is found on the host, as a directory. */
  readonly ownDirectory: string;
}

/** What a container sees below `/sys/fs/cgroup`. */
export interface CgroupLayout {
  /** 2 when `/sys/fs/cgroup` is cgroup2 itself, else 1 (also called hybrid when cgroup2 is among the hierarchies). */
  readonly version: 1 | 2;
  readonly hierarchies: readonly CgroupHierarchy[];
  /** Names for controllers that share a hierarchy: `cpu` for `cpu,cpuacct`. */
  readonly links: readonly { readonly name: string; readonly to: string }[];
}

const ROOT = '/sys/fs/cgroup';

interface Mount {
  readonly type: string;
  /** The directory of the file system that is mounted. */
  readonly root: string;
  readonly at: string;
  readonly options: readonly string[];
}

/** `mountinfo` writes blanks and backslashes in octal. */
const unescape = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)));

/** True for places that hold cgroups, and for those that a mount would have to be on to cover them. */
const concerns = (at: string): boolean =>
  at === '/' || at === ROOT || at.startsWith(`${ROOT}/`) || ROOT.startsWith(`${at}/`);

/** The mounts that hold cgroups and can be seen. A machine may have thousands of others, which are passed over. */
function parseMounts(mountinfo: string): Mount[] {
  const lines = mountinfo.split('\n').flatMap((line) => {
    const [id = '', parent = '', , root = '', at = ''] = line.split(' ', 5);
    // The text ends in a line feed: what follows is no mount, and would be one over everything.
    if (at === '' || !concerns(at)) return [];
    const [type = '', , options = ''] = line.slice(line.indexOf(' - ') + 3).split(' ');
    return [{ id, parent, type, root: unescape(root), at: unescape(at), options: options.split(',') }];
  });
  const parents = new Map(lines.map(({ id, parent }) => [id, parent]));
  const lies = (id: string, on: string): boolean => {
    let at: string | undefined = id;
    for (let steps = 0; at !== undefined && steps < lines.length; steps++) {
      if (at === on) return true;
      at = parents.get(at);
    }
    return false;
  };
  // What another mount was put over is not seen any more, nor what lies below it.
  return lines.filter(
    (mount, index) =>
      mount.type.startsWith('cgroup') &&
      !lines
        .slice(index + 1)
        .some(({ id, at }) => (mount.at === at || mount.at.startsWith(`${at}/`)) && !lies(mount.id, id)),
  );
}

/**
 * How control groups are mounted, from the texts of `/proc/self/mountinfo` and `/proc/self/cgroup`.
 *
 * @remarks
 * Pure. See cgroups(7). A hierarchy that is not mounted below `/sys/fs/cgroup` is left out.
 */
export function parseCgroupLayout(mountinfo: string, cgroup: string): CgroupLayout {
  const mounts = parseMounts(mountinfo);
  const hierarchies: CgroupHierarchy[] = [];
  for (const line of cgroup.split('\n')) {
    const [, id = '', controllers = '', path = ''] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (path === '') continue;
    const options = controllers === '' ? [] : controllers.split(',');
    const mount = mounts.findLast(({ type, options: has }) =>
      id === '0' ? type === 'cgroup2' : type === 'cgroup' && options.every((option) => has.includes(option)),
    );
    if (!mount) continue;
    hierarchies.push({
      type: mount.type as CgroupHierarchy['type'],
      name: mount.at === ROOT ? '' : mount.at.slice(ROOT.length + 1),
      options,
      ownDirectory: posix.join(mount.at, posix.relative(mount.root, path)),
    });
  }
  // Sorted, for the kernel lists the newest hierarchy first.
  const sorted = hierarchies.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  const unified = sorted.find(({ name }) => name === '');
  if (unified?.type === 'cgroup2') return { version: 2, hierarchies: [unified], links: [] };
  const known = new Set(sorted.map(({ name }) => name));
  const links = sorted.flatMap(({ name, options }) =>
    options
      .filter((option) => !option.startsWith('name=') && !known.has(option))
      .map((option) => ({ name: option, to: name })),
  );
  return { version: 1, hierarchies: sorted, links };
}

/** What was read last: it hardly ever changes, and a start of a container asks. */
let last = { mountinfo: '', cgroup: '', layout: parseCgroupLayout('', '') };

/** How control groups are mounted on this machine, as this process sees it. */
export function readCgroupLayout(): CgroupLayout {
  const mountinfo = readFileSync('/proc/self/mountinfo', 'utf8');
  const cgroup = readFileSync('/proc/self/cgroup', 'utf8');
  if (mountinfo !== last.mountinfo || cgroup !== last.cgroup) {
    last = { mountinfo, cgroup, layout: parseCgroupLayout(mountinfo, cgroup) };
  }
  return last.layout;
}
