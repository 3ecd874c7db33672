import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { DOCKER_DEFAULT_PROFILE, hostContext, resolveProfile } from '@ns/seccomp';
import { which } from '@ns/testing';

import { LIMITS } from './limits.ts';

/** Docker's default capabilities. */
const CAPABILITIES = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
].map((name) => `CAP_${name}`);

/** The directory that is removed when all is over. */
export const SCRATCH: string = tmpdir();

/** Where the native driver keeps its state: on the tmpfs on which crun and runc keep theirs. */
export const STATE = '/run/ns-bench';

/** The cgroup below which others make theirs. */
export const CGROUP: string = process.env['NS_BENCH_CGROUP'] ?? 'ns-bench';

/** A root file system that is busybox and nothing else, the same for all. */
export function makeRootfs(): string {
  const root = join(SCRATCH, 'rootfs');
  const busybox = which('busybox') ?? '/bin/busybox';
  for (const folder of ['bin', 'dev', 'etc', 'proc', 'root', 'run', 'sys', 'tmp', 'usr', 'var']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  copyFileSync(busybox, join(root, 'bin/busybox'));
  for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n');
  return root;
}

/** The root file system as an archive, for those who want an image. */
export function archive(rootfs: string): string {
  const path = join(SCRATCH, 'busybox.tar');
  execFileSync('tar', ['-C', rootfs, '-cf', path, '.']);
  return path;
}

const mount = (destination: string, type: string, source: string, ...options: string[]): object => ({
  destination,
  type,
  source,
  options,
});

/**
 * An OCI bundle that asks for what the native driver does by default: six namespaces, Docker's mounts, masked paths and
 * capabilities; no seccomp and no AppArmor.
 *
 * @param more - Of `linux`.
 */
export function makeBundle(rootfs: string, id: string, args: readonly string[], more: object = {}): string {
  const folder = join(SCRATCH, `bundle-${id}`);
  mkdirSync(folder);
  const config = {
    ociVersion: '1.0.2',
    root: { path: rootfs, readonly: false },
    hostname: 'bench',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args,
      env: ['PATH=/bin', 'HOME=/root'],
      cwd: '/',
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
    },
    mounts: [
      mount('/proc', 'proc', 'proc', 'nosuid', 'noexec', 'nodev'),
      mount('/dev', 'tmpfs', 'tmpfs', 'nosuid', 'strictatime', 'mode=755', 'size=65536k'),
      mount(
        '/dev/pts',
        'devpts',
        'devpts',
        'nosuid',
        'noexec',
        'newinstance',
        'ptmxmode=0666',
        'mode=0620',
        'gid=5',
      ),
      mount('/dev/shm', 'tmpfs', 'shm', 'nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'),
      mount('/dev/mqueue', 'mqueue', 'mqueue', 'nosuid', 'noexec', 'nodev'),
      mount('/sys', 'sysfs', 'sysfs', 'nosuid', 'noexec', 'nodev', 'ro'),
    ],
    linux: {
      cgroupsPath: `/${CGROUP}/${id}`,
      namespaces: ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'].map((type) => ({ type })),
      maskedPaths: [
        '/proc/asound',
        '/proc/acpi',
        '/proc/kcore',
        '/proc/keys',
        '/proc/latency_stats',
        '/proc/timer_list',
      ].concat(['/proc/timer_stats', '/proc/sched_debug', '/proc/scsi', '/sys/firmware']),
      readonlyPaths: ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`),
      ...more,
    },
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  return folder;
}

/** Limits and Docker's seccomp profile, as a bundle has them: the same as `LIMITS` of the native driver. */
export function confinement(): object {
  const { memory, cpu, pids } = LIMITS;
  return {
    seccomp: resolveProfile(DOCKER_DEFAULT_PROFILE, hostContext(CAPABILITIES)),
    resources: {
      memory: { limit: memory?.limitBytes },
      cpu: { quota: cpu?.quotaUs, period: cpu?.periodUs },
      pids: { limit: pids?.limit },
    },
  };
}
