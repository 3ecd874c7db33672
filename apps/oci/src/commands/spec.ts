import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isErrno, NsError } from '@ns/errors';
import { MASKED_PATHS, READONLY_PATHS } from '@ns/namespaces';

import { defineCommand, type Command } from '../command-line/command.js';
import { SPEC_VERSION } from '../version.js';

/** What a new container may do, as runc has it. */
const CAPABILITIES = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'];

const NO_NODES = ['nosuid', 'noexec', 'nodev'];

const mount = (destination: string, type: string, source: string, options?: readonly string[]): object => ({
  destination,
  type,
  source,
  ...(options && { options }),
});

const MOUNTS = {
  proc: mount('/proc', 'proc', 'proc'),
  dev: mount('/dev', 'tmpfs', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
  pts: (options: readonly string[]) =>
    mount('/dev/pts', 'devpts', 'devpts', [
      'nosuid',
      'noexec',
      'newinstance',
      'ptmxmode=0666',
      'mode=0620',
      ...options,
    ]),
  shm: mount('/dev/shm', 'tmpfs', 'shm', [...NO_NODES, 'mode=1777', 'size=65536k']),
  mqueue: mount('/dev/mqueue', 'mqueue', 'mqueue', NO_NODES),
  sys: mount('/sys', 'sysfs', 'sysfs', [...NO_NODES, 'ro']),
  // A user namespace may mount sysfs only together with a network namespace: it is bound from the host instead.
  boundSys: mount('/sys', 'none', '/sys', ['rbind', 'nosuid', 'noexec', 'nodev', 'ro']),
  cgroup: mount('/sys/fs/cgroup', 'cgroup', 'cgroup', [...NO_NODES, 'relatime', 'ro']),
};

/** A configuration to begin with. */
export function exampleConfig(owner: { readonly uid: number; readonly gid: number } | undefined): object {
  const capabilities = { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES };
  const namespaces = ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'];
  const { proc, dev, pts, shm, mqueue, sys, boundSys, cgroup } = MOUNTS;
  return {
    ociVersion: SPEC_VERSION,
    process: {
      terminal: true,
      user: { uid: 0, gid: 0 },
      args: ['sh'],
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=xterm'],
      cwd: '/',
      capabilities,
      rlimits: [{ type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: 'rootfs', readonly: true },
    hostname: 'ns-oci',
    mounts: owner
      ? [proc, dev, pts([]), shm, mqueue, boundSys]
      : [proc, dev, pts(['gid=5']), shm, mqueue, sys, cgroup],
    linux: {
      ...(owner && {
        uidMappings: [{ containerID: 0, hostID: owner.uid, size: 1 }],
        gidMappings: [{ containerID: 0, hostID: owner.gid, size: 1 }],
      }),
      // A user without privilege has no cgroups to limit.
      ...(owner === undefined && { resources: { devices: [{ allow: false, access: 'rwm' }] } }),
      namespaces: namespaces
        .filter((type) => owner === undefined || type !== 'network')
        .concat(owner ? ['user'] : [])
        .map((type) => ({ type })),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
    },
  };
}

/** `ns-oci spec`. */
export const command: Command = defineCommand({
  summary: 'Write a new config.json, to be edited: it runs sh in the directory rootfs.',
  usage: '',
  flags: {
    bundle: { kind: 'text', short: 'b', initial: '.', help: 'path to the root of the bundle directory' },
    rootless: { kind: 'switch', help: 'make a configuration for a rootless container' },
  },
  args: [0, 0],
  run({ flags }) {
    const path = join(flags.bundle, 'config.json');
    const owner = flags.rootless
      ? { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
      : undefined;
    try {
      writeFileSync(path, `${JSON.stringify(exampleConfig(owner), null, '\t')}\n`, {
        flag: 'wx',
        mode: 0o666,
      });
    } catch (error) {
      if (isErrno(error, 'EEXIST')) {
        throw new NsError('ERR_NS_CONFLICT', {
          operation: 'spec',
          message: `${path} exists`,
          hint: 'remove it first',
          path,
        });
      }
      if (!isErrno(error, 'ENOENT')) throw error;
      throw new NsError('ERR_NS_NOT_FOUND', {
        operation: 'spec',
        message: `there is no directory ${flags.bundle}`,
        path,
      });
    }
    return Promise.resolve(0);
  },
});
