import { capabilityMask, parseCapability } from '@ns/caps';
import { DOCKER_DEFAULT_PROFILE, filterFor, hostContext, loadSteps, type DockerProfile } from '@ns/seccomp';
import {
  AF,
  AT,
  bytes,
  call,
  CLONE,
  clone,
  cstr,
  exit,
  load,
  MS,
  O,
  RLIMIT,
  scratch,
  SIG,
  slot,
  SOCK,
  store,
  strings,
  type Slot,
  type Step,
} from '@ns/syscall';

import { becomeUser, blockSignals, noNewPrivileges, unblockSignals } from '../native/process.js';

/** More than twice the 16384 that virtiofsd leaves to others. */
const MOST_FILES_TEXT = '1048576\n';

/** A program beside a virtual machine, in the same jail, that serves the container's files to it: virtiofsd. */
export interface FileServer {
  /** By its path in the jail. */
  readonly file: string;
  /** It listens on {@link FILE_SERVER}.fd. */
  readonly args: readonly string[];
}

/** The way between the virtual machine and the server of its files. */
export const FILE_SERVER = {
  /** In the server: the socket that listens. */
  fd: 17,
  /** For the virtual machine: the name of that socket, an abstract one of its own network namespace. */
  address: 'ns-files',
} as const;

/**
 * What the server takes beside the rights over files, which are the virtual machine's as well: it works as the user of the
 * guest who asks (a guest's root can ask as anyone), in the directory that it serves.
 */
const MORE_CAPABILITIES: readonly string[] = ['SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'];

/** Each of its threads has a working directory of its own. */
const OWN_DIRECTORY = {
  names: ['unshare'],
  action: 'SCMP_ACT_ALLOW',
  args: [{ index: 0, value: CLONE.CLONE_FS, op: 'SCMP_CMP_EQ' }],
} as const;

const PROFILE: DockerProfile = {
  ...DOCKER_DEFAULT_PROFILE,
  syscalls: [...(DOCKER_DEFAULT_PROFILE.syscalls ?? []), OWN_DIRECTORY],
};

/**
 * Start the server, in the first process of the virtual machine's pid namespace. When it ends, so does everything in that
 * namespace: a guest without its files can do nothing but hang.
 *
 * @param fileCapabilities - The rights over files.
 * @param keep - A descriptor on which a step that fails is told.
 */
export function startFileServer(
  { file, args }: FileServer,
  fileCapabilities: readonly string[],
  highestCapability: number,
  keep: number,
): Step[] {
  const listener = slot('socket for files');
  const server = slot('server of files');
  const capabilities = [...fileCapabilities, ...MORE_CAPABILITIES].map(parseCapability);
  const root = { uid: 0, gid: 0, groups: [] };
  return [
    ...listen(listener),
    clone({
      args: 0,
      what: 'start to look after the server of files',
      into: slot('keeper of the server'),
      child: [
        blockSignals(),
        call('unshare', [CLONE.CLONE_NEWNS], { what: 'have mounts of its own' }),
        clone({
          args: 0,
          what: 'create the process of the server of files',
          into: server,
          child: [
            ...ownProcess(),
            ...manyFiles(),
            becomeUser(root, capabilityMask(capabilities), highestCapability),
            noNewPrivileges(),
            loadSteps(filterFor(hostContext(capabilities), PROFILE)),
            serverSteps(file, args, listener, keep),
          ].flat(),
        }),
        becomeUser(root, 0n, highestCapability),
        noNewPrivileges(),
        call('close_range', [0, keep - 1, 0], { what: 'leave all streams to it' }),
        call('close_range', [keep + 1, 0xffff_ffff, 0], { what: 'leave all files to it' }),
        call('wait4', [server, 0, 0, 0], { what: 'wait for the end of the server' }),
        call('kill', [-1, SIG.SIGKILL], { what: 'end the machine that has no files', tolerate: ['ESRCH'] }),
        exit(0),
      ].flat(),
    }),
    call('close', [listener], { what: 'leave the socket to the server' }),
  ];
}

/** Before the virtual machine is started, so that it finds it. */
function listen(into: Slot): Step[] {
  const name = new TextEncoder().encode(`\0${FILE_SERVER.address}`);
  // struct sockaddr_un: see unix(7).
  const address = new Uint8Array([AF.AF_UNIX, 0, ...name]);
  return [
    call('socket', [AF.AF_UNIX, SOCK.SOCK_STREAM | SOCK.SOCK_CLOEXEC, 0], {
      what: 'make a socket for files',
      into,
    }),
    call('bind', [into, bytes(address, `{AF_UNIX, "@${FILE_SERVER.address}"}`), address.length], {
      what: 'name the socket for files',
    }),
    call('listen', [into, 1], { what: 'let the machine connect' }),
  ];
}

/**
 * A /proc with nothing but the server's own process, by which it opens and changes files that it has open, and the number that
 * virtiofsd reads before it looks at its arguments.
 */
function ownProcess(): Step[] {
  const file = slot('file-max');
  const path = '/tmp/sys/fs/file-max';
  const flags = MS.MS_NOSUID | MS.MS_NODEV | MS.MS_NOEXEC;
  const mount = (source: string, target: string, type: string, more: number, data: string): Step =>
    call('mount', [cstr(source), cstr(target), cstr(type), flags | more, cstr(data)], {
      what: `mount ${source} on ${target}`,
    });
  return [
    mount('proc', '/tmp', 'tmpfs', 0, 'mode=755,size=64k'),
    ...['/tmp/self', '/tmp/sys', '/tmp/sys/fs'].map((each) =>
      call('mkdirat', [AT.AT_FDCWD, cstr(each), 0o755], { what: `make ${each}` }),
    ),
    call('openat', [AT.AT_FDCWD, cstr(path), O.O_WRONLY | O.O_CREAT | O.O_CLOEXEC, 0o444], {
      what: `make ${path}`,
      into: file,
    }),
    call('write', [file, cstr(MOST_FILES_TEXT), MOST_FILES_TEXT.length], { what: `write ${path}` }),
    call('close', [file], { what: `close ${path}` }),
    mount('/proc/self', '/tmp/self', '', MS.MS_BIND, ''),
    mount('/tmp', '/proc', '', MS.MS_MOVE, ''),
    mount('proc', '/proc', '', MS.MS_REMOUNT | MS.MS_BIND | MS.MS_RDONLY, ''),
  ];
}

/** Every file that the guest's kernel remembers is one that the server has open. */
function manyFiles(): Step[] {
  const limit = scratch(16, 'limit of files');
  const hard = slot('hard limit');
  return [
    call('prlimit64', [0, RLIMIT.RLIMIT_NOFILE, 0, limit], { what: 'ask how many files can be open' }),
    load(hard, limit, 8, 8),
    store(hard, limit, 0, 8),
    call('prlimit64', [0, RLIMIT.RLIMIT_NOFILE, limit, 0], { what: 'have as many open as can be' }),
  ];
}

function serverSteps(file: string, args: readonly string[], listener: Slot, keep: number): Step[] {
  const nothing = slot('nothing');
  const { fd } = FILE_SERVER;
  const given: readonly number[] = [fd, keep].toSorted((left, right) => left - right);
  return [
    call('openat', [AT.AT_FDCWD, cstr('/dev/null'), O.O_RDWR | O.O_CLOEXEC, 0], {
      what: 'open /dev/null',
      into: nothing,
    }),
    call('dup3', [nothing, 0, 0], { what: 'have no input' }),
    call('dup3', [listener, fd, 0], { what: 'give it the socket' }),
    // Up to its own, between, and beyond: nothing of the machine's.
    ...[2, ...given].map((one, index) =>
      call('close_range', [one + 1, (given[index] ?? 0x1_0000_0000) - 1, 0], {
        what: 'have no other files',
      }),
    ),
    unblockSignals(),
    call('execve', [cstr(file), strings(args), strings([])], { what: `run ${file}`, object: file }),
  ];
}
