import { O, call, cstr, group, slot, type Operand, type Step } from '@ns/syscall';

import { invalid } from './invalid.js';
import { isNew, type NamespaceSources } from './set.js';
import type { NamespaceKind } from './spec.js';
import { BENEATH, HOW_SIZE } from './target.js';

/** Sysctls that belong to a namespace: exact names, and prefixes that end in `/`. */
const NAMESPACED: readonly (readonly [path: string, kind: NamespaceKind])[] = [
  ['kernel/msgmax', 'ipc'],
  ['kernel/msgmnb', 'ipc'],
  ['kernel/msgmni', 'ipc'],
  ['kernel/msg_next_id', 'ipc'],
  ['kernel/sem', 'ipc'],
  ['kernel/sem_next_id', 'ipc'],
  ['kernel/shmall', 'ipc'],
  ['kernel/shmmax', 'ipc'],
  ['kernel/shmmni', 'ipc'],
  ['kernel/shm_next_id', 'ipc'],
  ['kernel/shm_rmid_forced', 'ipc'],
  ['kernel/domainname', 'uts'],
  ['fs/mqueue/', 'ipc'],
  ['net/', 'net'],
];

/** Longest value that the kernel reads at once: a page. */
const MAX_VALUE = 4095;

/**
 * The file of a sysctl below `/proc/sys`.
 *
 * @remarks
 * As sysctl(8): in `net.ipv4.conf.eth0/1.mtu` a dot separates and a slash stands for a dot; a name whose first
 * separator is a slash is a path as it is.
 */
export function sysctlPath(name: string): string {
  const separator = /[./]/.exec(name)?.[0];
  if (separator !== '.') return name;
  return name.replaceAll(/[./]/g, (found) => (found === '.' ? '/' : '.'));
}

/**
 * Check that sysctls concern the container only.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a name that is not one, a sysctl of the whole machine, one of a
 * namespace that the container does not have to itself, or a value that is not one line.
 */
export function checkSysctls(sysctls: Readonly<Record<string, string>>, sources: NamespaceSources): void {
  for (const [name, value] of Object.entries(sysctls)) {
    const path = sysctlPath(name);
    if (!path.split('/').every((part) => /^[\w.:@-]+$/.test(part) && part !== '.' && part !== '..')) {
      throw invalid('sysctl', `${JSON.stringify(name)} is not a sysctl's name`);
    }
    if (typeof value !== 'string' || /[\0\n]/.test(value) || Buffer.byteLength(value) > MAX_VALUE) {
      throw invalid('sysctl', `the value of ${name} is not a line of text`);
    }
    const found = NAMESPACED.find(([known]) =>
      known.endsWith('/') ? path.startsWith(known) : path === known,
    );
    if (!found) {
      const hostname = path === 'kernel/hostname';
      throw invalid('sysctl', `${name} is a setting of the whole machine, not of a container`, {
        hint: hostname
          ? 'use the hostname of the container instead'
          : 'containers have kernel.msg*, kernel.sem, kernel.shm*, fs.mqueue.*, net.* and kernel.domainname; set others on the host',
      });
    }
    const [, kind] = found;
    if (!isNew(sources, kind)) {
      throw invalid('sysctl', `${name} belongs to the ${kind} namespace, which is not the container's own`, {
        hint: `give the container a new ${kind} namespace, or set it where the namespace comes from`,
      });
    }
  }
}

const WRITE = BENEATH(O.O_WRONLY, 'O_WRONLY');

/**
 * Write sysctls, inside the namespaces they belong to.
 *
 * @remarks
 * Before {@link readonlyPaths}. The files are opened below our own procfs, without links and without leaving it: nothing
 * that an image or another container mounts can redirect the write (CVE-2025-52881).
 *
 * @param options.proc - From {@link defaultMounts} or {@link openProc}.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` as {@link checkSysctls}.
 */
export function writeSysctls(options: {
  readonly sysctls: Readonly<Record<string, string>>;
  readonly sources: NamespaceSources;
  readonly proc: Operand;
}): readonly Step[] {
  const { sysctls, sources, proc } = options;
  checkSysctls(sysctls, sources);
  const steps = Object.entries(sysctls).flatMap(([name, value]) => {
    const file = slot(name);
    const what = `set sysctl ${name} to ${JSON.stringify(value)}`;
    const hints = {
      ENOENT: `the kernel has no ${name} in this namespace`,
      EINVAL: `the kernel refuses ${JSON.stringify(value)} for ${name}`,
      ERANGE: `the value of ${name} is out of range`,
      EPERM: `${name} may not be changed from inside a user namespace`,
      EACCES: `${name} is read-only in this namespace`,
      EXDEV: `a mount covers ${name}`,
    };
    return [
      call('openat2', [proc, cstr(`sys/${sysctlPath(name)}`), WRITE, HOW_SIZE], {
        what,
        object: name,
        hints,
        into: file,
      }),
      call('write', [file, cstr(value), Buffer.byteLength(value)], { what, object: name, hints }),
      call('close', [file], { what: `close sysctl ${name}` }),
    ];
  });
  return steps.length === 0 ? [] : [group('sysctls', steps)];
}
