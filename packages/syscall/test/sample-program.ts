import * as ir from '../src/program/ir.js';
import {
  AT,
  CLONE,
  FSCONFIG,
  FSMOUNT,
  FSOPEN,
  MNT,
  MOUNT_ATTR,
  MOVE_MOUNT,
  MS,
  O,
  PR,
  S,
  SIG,
} from '../src/uapi/index.js';
import { makedev } from '../src/uapi/kdev-t.js';

/** A file system by the descriptor-based calls. */
function fileSystem(
  type: string,
  target: string,
  attributes: number,
  options: readonly string[] = [],
): ir.Step {
  const context = ir.slot(`${type} context`);
  const mount = ir.slot(`${type} mount`);
  const set = (text: string): ir.Step => {
    const [key = '', value = ''] = text.split('=');
    return ir.call('fsconfig', [context, FSCONFIG.FSCONFIG_SET_STRING, ir.cstr(key), ir.cstr(value), 0], {
      what: `set ${text} of ${type}`,
      object: target,
    });
  };
  return ir.group(
    `${type} on ${target}`,
    ir.call('fsopen', [ir.cstr(type), FSOPEN.FSOPEN_CLOEXEC], { what: `begin a ${type}`, into: context }),
    options.map(set),
    ir.call('fsconfig', [context, FSCONFIG.FSCONFIG_CMD_CREATE, 0, 0, 0], { what: `create a ${type}` }),
    ir.call('fsmount', [context, FSMOUNT.FSMOUNT_CLOEXEC, attributes], {
      what: `mount ${type} on ${target}`,
      object: target,
      into: mount,
      hints: { EPERM: 'mount proc needs a pid namespace of its own' },
    }),
    ir.call(
      'move_mount',
      [mount, ir.cstr(''), AT.AT_FDCWD, ir.cstr(target), MOVE_MOUNT.MOVE_MOUNT_F_EMPTY_PATH],
      { what: `attach ${type} to ${target}`, object: target },
    ),
    ir.call('close', [context], { what: `close the context of ${type}` }),
    ir.call('close', [mount], { what: `close the mount of ${type}` }),
  );
}

const DEVICES = {
  null: [1, 3],
  zero: [1, 5],
  full: [1, 7],
  random: [1, 8],
  urandom: [1, 9],
  tty: [5, 0],
} as const;

const devices = (): ir.Step[] =>
  Object.entries(DEVICES).map(([name, [major, minor]]) =>
    ir.call('mknodat', [AT.AT_FDCWD, ir.cstr(`/dev/${name}`), S.S_IFCHR | 0o666, makedev(major, minor)], {
      what: `create /dev/${name}`,
      object: `/dev/${name}`,
      on: [
        ir.on(
          ['EPERM'],
          ir.call('mount', [ir.cstr(`/host/dev/${name}`), ir.cstr(`/dev/${name}`), 0, MS.MS_BIND, 0], {
            what: `bind the host's /dev/${name}`,
          }),
        ),
      ],
      tolerate: ['EEXIST'],
    }),
  );

/** Waits for the child and gives its exit status on, signals as 128 + n. */
function monitor(pid: ir.Slot): ir.Step {
  const status = ir.scratch(4, 'status');
  const word = ir.slot('word');
  const signal = ir.slot('signal');
  const code = ir.slot('code');
  return ir.group(
    'Wait for the program',
    ir.loop(
      ir.call('wait4', [pid, status, 0, 0], {
        what: 'wait for the program',
        on: [ir.on(['EINTR'], ir.again)],
      }),
      ir.leave,
    ),
    ir.load(word, status, 0, 4),
    ir.compute(signal, word, '&', 0x7f),
    ir.when([signal, '==', 0], [ir.compute(code, word, '>>', 8)], [ir.compute(code, signal, '+', 128)]),
    ir.compute(code, code, '&', 0xff),
    ir.exit(code),
  );
}

/** A program of the size and the shape of one that starts a container: about 150 calls. */
export function sampleProgram(): ir.Program {
  const pid = ir.slot('pid');
  const namespaces = ['NEWNS', 'NEWPID', 'NEWUTS', 'NEWIPC', 'NEWNET'] as const;
  const flags = namespaces.reduce((sum, name) => sum + CLONE[`CLONE_${name}`], 0);
  const args = ir.struct([
    ['flags', 8, flags, namespaces.map((name) => `CLONE_${name}`).join('|')],
    ['pidfd', 8, 0],
    ['child_tid', 8, 0],
    ['parent_tid', 8, 0],
    ['exit_signal', 8, SIG.SIGCHLD, 'SIGCHLD'],
    ['stack', 8, 0],
    ['stack_size', 8, 0],
    ['tls', 8, 0],
  ]);
  const { MOUNT_ATTR_NOSUID: nosuid, MOUNT_ATTR_NODEV: nodev, MOUNT_ATTR_NOEXEC: noexec } = MOUNT_ATTR;
  const hostname = 'web-1';
  const child: ir.Step[] = [
    ir.group(
      'Signals',
      Array.from({ length: 31 }, (_, index) => index + 1)
        .filter((signal) => signal !== SIG.SIGKILL && signal !== SIG.SIGSTOP)
        .map((signal) =>
          ir.call(
            'rt_sigaction',
            [
              signal,
              ir.struct([
                ['handler', 8, 0, 'SIG_DFL'],
                ['flags', 8, 0],
                ['restorer', 8, 0],
                ['mask', 8, 0],
              ]),
              0,
              8,
            ],
            {
              what: `let signal ${signal} have its default effect`,
            },
          ),
        ),
    ),
    ir.group(
      'Root file system',
      ir.call('mount', [0, ir.cstr('/'), 0, MS.MS_REC | MS.MS_SLAVE, 0], {
        what: 'keep mounts to ourselves',
      }),
      ir.call('chdir', [ir.cstr('/var/lib/ns/web-1/root')], {
        what: 'enter the root /var/lib/ns/web-1/root',
        object: '/var/lib/ns/web-1/root',
      }),
      fileSystem('proc', 'proc', nosuid | nodev | noexec),
      fileSystem('tmpfs', 'dev', nosuid, ['mode=755', 'size=65536k']),
      fileSystem('devpts', 'dev/pts', nosuid | noexec, ['mode=620', 'ptmxmode=0666', 'gid=5']),
      fileSystem('mqueue', 'dev/mqueue', nosuid | nodev | noexec),
      fileSystem('sysfs', 'sys', nosuid | nodev | noexec | MOUNT_ATTR.MOUNT_ATTR_RDONLY),
      ir.group('Devices', devices()),
      ...['fd', 'stdin', 'stdout', 'stderr'].map((name, index) =>
        ir.call(
          'symlinkat',
          [
            ir.cstr(index === 0 ? '/proc/self/fd' : `/proc/self/fd/${index - 1}`),
            AT.AT_FDCWD,
            ir.cstr(`dev/${name}`),
          ],
          {
            what: `link /dev/${name}`,
            tolerate: ['EEXIST'],
          },
        ),
      ),
      ...['acpi', 'kcore', 'keys', 'latency_stats', 'timer_list', 'sched_debug', 'scsi'].map((name) =>
        ir.call('mount', [ir.cstr('dev/null'), ir.cstr(`proc/${name}`), 0, MS.MS_BIND, 0], {
          what: `mask /proc/${name}`,
          object: `/proc/${name}`,
          tolerate: ['ENOENT', 'ENOTDIR'],
        }),
      ),
      ir.call('pivot_root', [ir.cstr('.'), ir.cstr('.')], { what: 'make it the root' }),
      ir.call('umount2', [ir.cstr('.'), MNT.MNT_DETACH], { what: 'let go of the old root' }),
    ),
    ir.group(
      'The program',
      ir.call('sethostname', [ir.cstr(hostname), hostname.length], { what: `set the host name ${hostname}` }),
      ...Array.from({ length: 27 }, (_, index) => index + 14).map((capability) =>
        ir.call('prctl', [PR.PR_CAPBSET_DROP, capability, 0, 0, 0], {
          what: `drop capability ${capability} for good`,
          tolerate: ['EINVAL'],
        }),
      ),
      ir.call('setgroups', [0, 0], { what: 'drop the supplementary groups' }),
      ir.call('setresgid', [1000, 1000, 1000], { what: 'become group 1000' }),
      ir.call('setresuid', [1000, 1000, 1000], { what: 'become user 1000' }),
      ir.call('openat', [AT.AT_FDCWD, ir.cstr('/'), O.O_PATH | O.O_CLOEXEC, 0], {
        what: 'open the root',
        into: ir.slot('root'),
      }),
      ir.call(
        'execve',
        [
          ir.cstr('/usr/sbin/nginx'),
          ir.strings(['nginx', '-g', 'daemon off;']),
          ir.strings([
            'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
            `HOSTNAME=${hostname}`,
            'HOME=/root',
            'NGINX_VERSION=1.27.2',
            'LANG=C.UTF-8',
            'TZ=Europe/Berlin',
          ]),
        ],
        {
          what: 'run /usr/sbin/nginx',
          object: '/usr/sbin/nginx',
          tag: 'exec',
          hints: { ENOENT: 'check the spelling and the PATH of the image' },
        },
      ),
    ),
  ];
  return {
    title: 'Run nginx in web-1',
    statusFd: 3,
    failureStatus: 125,
    steps: [
      ir.group(
        'Namespaces',
        ir.clone({
          what: 'start a process in new mount, pid, uts, ipc and net namespaces',
          args,
          into: pid,
          child,
        }),
      ),
      monitor(pid),
    ],
  };
}
