import { describe, expect, test } from 'vitest';

import { DEBIAN_6_1 } from '../test/debian-kernel.js';
import { defaultProfile } from './index.js';

const rulesOf = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('  '))
    .map((line) => line.trim().replace(/,$/, ''));

/** The pattern language of apparmor.d(5), as far as the profile uses it. */
function pattern(glob: string): RegExp {
  let depth = 0;
  const regexp = glob.replaceAll(/\*\*|\*|\?|\{|\}|,|\[[^\]]*\]|[.+()|^$\\]/g, (token) => {
    if (token === '{') depth++;
    if (token === '}') depth--;
    const meanings: Record<string, string> = { '**': '.*', '*': '[^/]*', '?': '[^/]', '{': '(?:', '}': ')' };
    if (token === ',') return depth > 0 ? '|' : ',';
    return meanings[token] ?? (token.startsWith('[') ? token : `\\${token}`);
  });
  return new RegExp(`^${regexp}$`);
}

const denials = rulesOf(defaultProfile({ features: DEBIAN_6_1 })).flatMap((rule) => {
  const [, glob, permissions] = /^deny (\/\S+) (\w+)$/.exec(rule) ?? [];
  return glob === undefined || permissions === undefined ? [] : [{ regexp: pattern(glob), permissions }];
});
const isDenied = (path: string, permission: string): boolean =>
  denials.some(({ regexp, permissions }) => permissions.includes(permission) && regexp.test(path));

describe('the default profile', () => {
  test('for the kernel of Debian 12', () => {
    expect(defaultProfile({ features: DEBIAN_6_1 })).toMatchInlineSnapshot(`
      "# The rules are read as this kernel has them, whatever the parser is set to.
      abi <kernel>,

      profile ns-default flags=(attach_disconnected,mediate_deleted) {
        network,
        capability,
        file,
        umount,
        deny mount,
        signal (receive) peer="unconfined",
        signal (send, receive) peer="ns-default",
        ptrace (trace, read, tracedby, readby) peer="ns-default",
        deny /proc/* w,
        deny /proc/{[^1-9s]*,s,s[^y]*,sy,sy[^s]*,sys?*}/** w,
        deny /proc/sys/{[^k]**,k,k[^e]**,ke,ke[^r]**,ker,ker[^n]**,kern,kern[^e]**,kerne,kerne[^l]**,kernel,kernel[^/]**,kernel/,kernel/[^s]**,kernel/s,kernel/s[^h]**,kernel/sh,kernel/sh[^m]**} w,
        deny /proc/sysrq-trigger rwklx,
        deny /proc/kcore rwklx,
        deny /sys/{[^f]**,f,f[^s]**,fs,fs[^/]**,fs/,fs/[^c]**,fs/c,fs/c[^g]**,fs/cg,fs/cg[^r]**,fs/cgr,fs/cgr[^o]**,fs/cgro,fs/cgro[^u]**,fs/cgrou,fs/cgrou[^p]**} wklx,
        deny /sys/firmware/** rwklx,
        deny /sys/devices/virtual/powercap/** rwklx,
        deny /sys/kernel/security/** rwklx,
      }
      "
    `);
  });

  test.each([
    '/proc/sysrq-trigger',
    '/proc/mtrr',
    '/proc/bus/pci/00/00.0',
    '/proc/irq/1/smp_affinity',
    '/proc/fs/nfsd/x',
    '/proc/acpi/wakeup',
    '/proc/scsi/scsi',
    '/proc/sysvipc/x',
    '/proc/s/x',
    '/proc/sy/x',
    '/proc/tty/driver/x',
    '/proc/sys/vm/swappiness',
    '/proc/sys/fs/suid_dumpable',
    '/proc/sys/net/ipv4/ip_forward',
    '/proc/sys/k/x',
    '/proc/sys/kernel/core_pattern',
    '/proc/sys/kernel/modprobe',
    '/proc/sys/kernel/sysrq',
    '/proc/sys/kernel/sem',
    '/proc/sys/kernel/sh',
    '/proc/sys/kernel/domainname',
    '/proc/sys/kernel/random/uuid',
    '/proc/sys/kernel/yama/ptrace_scope',
    '/sys/kernel/mm/ksm/run',
    '/sys/kernel/security/apparmor/.replace',
    '/sys/module/x/parameters/y',
    '/sys/fs/bpf/x',
    '/sys/fs/cg',
    '/sys/firmware/efi/x',
    '/sys/f',
  ])('denies writing %s', (path) => {
    expect(isDenied(path, 'w')).toBe(true);
  });

  test.each([
    '/proc/1/oom_score_adj',
    '/proc/1234/attr/apparmor/exec',
    '/proc/99/task/99/comm',
    '/proc/sys/kernel/shmmax',
    '/proc/sys/kernel/shm_rmid_forced',
    '/sys/fs/cgroup/x/cgroup.procs',
    '/sys/fs/cgroup/memory/x',
    '/etc/passwd',
    '/system/x',
    '/process/x',
    '/data/proc/sysrq-trigger',
  ])('leaves writing %s to others', (path) => {
    expect(isDenied(path, 'w')).toBe(false);
  });

  test.each([
    ['/proc/kcore', true],
    ['/proc/sysrq-trigger', true],
    ['/sys/firmware/dmi/tables/DMI', true],
    ['/sys/devices/virtual/powercap/intel-rapl/energy_uj', true],
    ['/sys/kernel/security/apparmor/profiles', true],
    ['/proc/meminfo', false],
    ['/proc/sys/kernel/core_pattern', false],
    ['/sys/class/net/eth0/mtu', false],
  ])('reading %s is denied: %s', (path, denied) => {
    expect(isDenied(path, 'r')).toBe(denied);
  });

  test('has rules for what the kernel mediates only', () => {
    const old = new Map([
      ['file/mask', 'read write'],
      ['caps/mask', 'chown'],
    ]);
    const rules = rulesOf(defaultProfile({ features: old }));
    expect(rules.filter((rule) => !rule.startsWith('deny /'))).toEqual(['capability', 'file']);
  });

  test('allows what newer kernels mediate, when the parser knows of it', () => {
    const features = new Map([
      ...DEBIAN_6_1,
      ['namespaces/userns_create', 'yes'],
      ['io_uring/mask', 'sqpoll'],
      ['ipc/posix_mqueue', 'create'],
      ['network_v9/af_unix', 'yes'],
      ['dbus/mask', 'acquire send receive'],
    ]);
    const older = rulesOf(defaultProfile({ features }, 3));
    expect(older).toEqual(expect.arrayContaining(['unix', 'dbus', 'network']));
    expect(older).not.toContain('userns');
    expect(rulesOf(defaultProfile({ features }, 4))).toEqual(
      expect.arrayContaining(['unix', 'dbus', 'userns', 'io_uring', 'mqueue']),
    );
  });

  test('takes signals of the profiles that are named, and of its own', () => {
    const text = defaultProfile({
      name: 'x',
      features: DEBIAN_6_1,
      signalPeers: ['snap.ns.daemon', 'unconfined'],
    });
    expect(rulesOf(text).filter((rule) => rule.startsWith('signal'))).toEqual([
      'signal (receive) peer="unconfined"',
      'signal (receive) peer="snap.ns.daemon"',
      'signal (send, receive) peer="x"',
    ]);
  });

  test.each(['', 'a b', 'x { file, }', 'unconfined', '/usr/bin/x', 'a"b', '-x', 'a\nb', 'x'.repeat(200)])(
    'is not given the name %j',
    (name) => {
      expect(() => defaultProfile({ name, features: DEBIAN_6_1 })).toThrow(
        'cannot be the name of a container profile',
      );
    },
  );

  test.each(['', 'a b', '*', 'a", file, #', 'a\n'])('is not given the peer %j', (peer) => {
    expect(() => defaultProfile({ features: DEBIAN_6_1, signalPeers: [peer] })).toThrow(
      'cannot be a peer in a rule',
    );
  });
});
