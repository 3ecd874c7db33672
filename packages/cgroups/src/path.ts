import { invalid } from './errors.js';

/**
 * The path of a cgroup from its parent's and its own name: `/`, `ns/web` is `/ns/web`.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for a name that leaves the parent, or that the kernel would take for a file.
 */
export function joinPath(parent: string, name: string): string {
  const base = cgroupPath(parent);
  const parts = name.split('/');
  for (const part of parts) checkPart(part, name);
  return base === '/' ? `/${parts.join('/')}` : `${base}/${parts.join('/')}`;
}

/** An absolute path of a cgroup. @throws NsError `ERR_NS_INVALID_ARGUMENT` */
export function cgroupPath(path: string): string {
  if (path === '/') return path;
  if (!path.startsWith('/')) {
    throw invalid(`cgroup ${JSON.stringify(path)} is not absolute`, {
      hint: 'give the path below the mount point of cgroups: /ns',
    });
  }
  const trimmed = path.endsWith('/') ? path.slice(0, -1) : path;
  for (const part of trimmed.slice(1).split('/')) checkPart(part, path);
  return trimmed;
}

function checkPart(part: string, whole: string): void {
  const name = JSON.stringify(whole);
  if (part === '' || part === '.' || part === '..')
    throw invalid(`cgroup ${name} has an empty part, . or ..`);
  if (/[\0\n]/.test(part)) throw invalid(`cgroup ${name} holds a NUL or a line break`);
  // Directories and control files share one name space, and files of later kernels begin like this.
  if (/^(cgroup|cpu|cpuset|memory|io|blkio|pids|devices|freezer|hugetlb|rdma|misc)\./.test(part)) {
    throw invalid(`cgroup ${name} could be mistaken for a control file`);
  }
  if (Buffer.byteLength(part) > 255) throw invalid(`cgroup ${name} has a part of more than 255 bytes`);
}

/** `/a/b/c` from `/a`: `/a/b`, `/a/b/c`. */
export function stepsBelow(parent: string, path: string): string[] {
  const steps: string[] = [];
  const from = parent === '/' ? 0 : parent.length;
  for (let end = path.indexOf('/', from + 1); end !== -1; end = path.indexOf('/', end + 1)) {
    steps.push(path.slice(0, end));
  }
  steps.push(path);
  return steps;
}
