import {
  AF,
  AT,
  bytes,
  call,
  clone,
  CLONE,
  CLOSE_RANGE,
  cstr,
  fail,
  group,
  leave,
  loop,
  O,
  PR,
  slot,
  SOCK,
  strings,
  struct,
  W,
  when,
  type Data,
  type Slot,
  type Step,
} from '@ns/syscall';

import { TREE } from './descriptors.js';
import type { Installation } from './install.js';
import { dieWithLauncher } from './signals.js';

/** What a libvirtd of our own has for itself: file systems of the launcher's mount namespace, gone with it. */
const FRESH = ['/run', '/var/lib', '/var/log', '/var/cache'];

const SOCKET = '/run/libvirt/libvirt-sock';
const CONFIG = '/run/ns/libvirtd.conf';
const DRIVERS = '/run/ns/drivers';

/** Of a domain of that libvirtd. */
export const OWN = { root: '/run/ns/root', uri: 'lxc:///system' } as const;

/** No other than root reaches the socket, so nobody has to be asked. */
const SETTINGS = 'auth_unix_rw = "none"\nauth_unix_ro = "none"\n';

const ENVIRONMENT = [
  'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
  'LC_ALL=C',
  'HOME=/',
  `LIBVIRT_DRIVER_DIR=${DRIVERS}`,
];

/**
 * Start a libvirtd that has only the LXC driver, and wait until it listens. It is the launcher's alone: what it keeps, it keeps
 * in file systems of its own, and it does not meet another one.
 *
 * @param libvirtd - Gets its pid.
 */
export function ownSteps({ libvirtd: program, driver }: Installation, libvirtd: Slot): Step[] {
  return [
    group(
      'a place for libvirtd',
      // libvirt's process for the domain is to be the launcher's child.
      call('prctl', [PR.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0], {
        what: 'become the parent of whoever libvirtd leaves',
      }),
      FRESH.map((path) =>
        call('mount', [cstr('ns'), cstr(path), cstr('tmpfs'), 0, cstr('mode=0755')], {
          what: `mount a tmpfs on ${path}`,
          object: path,
        }),
      ),
      ['/run/ns', OWN.root, `${OWN.root}${TREE.at}`, DRIVERS].map((path) =>
        call('mkdirat', [AT.AT_FDCWD, cstr(path), 0o700], { what: `make ${path}`, object: path }),
      ),
      call('symlinkat', [cstr(driver), AT.AT_FDCWD, cstr(`${DRIVERS}/libvirt_driver_lxc.so`)], {
        what: 'choose the driver',
        object: driver,
      }),
      writeConfig(),
    ),
    group('libvirtd', startLibvirtd(program, libvirtd), untilItListens(libvirtd)),
  ];
}

function writeConfig(): Step[] {
  const file = slot('configuration');
  return [
    call('openat', [AT.AT_FDCWD, cstr(CONFIG), O.O_WRONLY | O.O_CREAT | O.O_CLOEXEC, 0o600], {
      what: `create ${CONFIG}`,
      object: CONFIG,
      into: file,
    }),
    call('write', [file, cstr(SETTINGS), SETTINGS.length], { what: `write ${CONFIG}`, object: CONFIG }),
    call('close', [file], { what: `close ${CONFIG}` }),
  ];
}

const startLibvirtd = (program: string, libvirtd: Slot): Step =>
  clone({
    args: CLONE.CLONE_VM | CLONE.CLONE_VFORK,
    what: 'create the process of libvirtd',
    into: libvirtd,
    child: [
      ...dieWithLauncher(),
      call('close_range', [3, 0xffff_ffff, CLOSE_RANGE.CLOSE_RANGE_CLOEXEC], {
        what: 'keep only the standard streams',
      }),
      call('execve', [cstr(program), strings(['libvirtd', '--config', CONFIG]), strings(ENVIRONMENT)], {
        what: `run ${program}`,
        object: program,
        hints: { ENOENT: 'apt-get install libvirt-daemon libvirt-daemon-driver-lxc' },
      }),
    ],
  });

const PAUSE_NS = 5_000_000;

function untilItListens(libvirtd: Slot): Step[] {
  const [socket, answer, gone] = [slot('socket'), slot('answer'), slot('gone')];
  const address = socketAddress(SOCKET);
  const time = struct([
    ['tv_sec', 8, 0],
    ['tv_nsec', 8, PAUSE_NS],
  ]);
  return [
    call('socket', [AF.AF_UNIX, SOCK.SOCK_STREAM | SOCK.SOCK_CLOEXEC, 0], {
      what: 'make a socket',
      into: socket,
    }),
    loop(
      call('connect', [socket, address, SOCKET.length + 3], {
        what: `connect to ${SOCKET}`,
        into: answer,
        tolerate: ['ENOENT', 'ECONNREFUSED', 'EAGAIN', 'EINTR'],
      }),
      when([answer, '>=', 0], [leave]),
      call('wait4', [libvirtd, 0, W.WNOHANG, 0], { what: 'see whether libvirtd is there', into: gone }),
      when(
        [gone, '==', libvirtd],
        [fail('ECHILD', { what: 'start libvirtd', hints: { ECHILD: 'it ended: see its messages' } })],
      ),
      call('nanosleep', [time, 0], { what: 'give it time', tolerate: ['EINTR'] }),
    ),
    call('close', [socket], { what: 'close the socket' }),
  ];
}

/** `struct sockaddr_un`. See unix(7). */
function socketAddress(path: string): Data {
  const content = Buffer.alloc(2 + path.length + 1);
  content.writeUInt16LE(AF.AF_UNIX, 0);
  content.write(path, 2);
  return bytes(content, JSON.stringify(path));
}
