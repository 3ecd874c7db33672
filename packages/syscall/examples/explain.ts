/** Prints a program as one reads an strace, before it has happened: no root, no Linux. */
import * as ns from '@ns/syscall';

const { CLONE_NEWNS } = ns.CLONE;
const { MS_PRIVATE, MS_REC } = ns.MS;
const root = ns.slot('root');
const path = ns.cstr('/srv/root');

const program: ns.Program = {
  title: 'Run sh in /srv/root',
  statusFd: 3,
  failureStatus: 125,
  steps: [
    ns.group(
      'Namespaces',
      ns.call('unshare', [CLONE_NEWNS], { what: 'leave the mount namespace' }),
      ns.call('mount', [0, ns.cstr('/'), 0, MS_REC | MS_PRIVATE, 0], { what: 'keep mounts to ourselves' }),
    ),
    ns.group(
      'Root',
      ns.call('openat', [ns.AT.AT_FDCWD, path, ns.O.O_PATH, 0], {
        what: 'open /srv/root',
        into: root,
        on: [ns.on(['ENOENT'], ns.fail('ENOENT', { what: 'find a root', object: '/srv/root' }))],
      }),
      ns.call('fchdir', [root], { what: 'enter it' }),
      ns.call('umount2', [ns.cstr('proc'), ns.MNT.MNT_DETACH], { what: 'hide proc', tolerate: ['EINVAL'] }),
      ns.call('chroot', [ns.cstr('.')], { what: 'make it the root' }),
    ),
    ns.call('execve', [ns.cstr('/bin/sh'), ns.strings(['sh']), ns.strings([])], { what: 'run /bin/sh' }),
  ],
};

process.stdout.write(ns.explain(program, { color: process.stdout.isTTY }));
