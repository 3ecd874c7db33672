// needs: root linux apparmor
/** Runs a shell under the default profile: it may do most things, and may not write the kernel's settings. */
import { changeProfileOnExec, selectProfile } from '@ns/apparmor';
import { AT, call, compile, cstr, loadImage, O, slot, spawn, strings, waitPid } from '@ns/syscall';

// Loads ns-default, unless it is loaded. With a name: that profile, which has to be there.
const { profile } = await selectProfile(undefined);
if (profile === undefined) throw new Error('no AppArmor');

const proc = slot('proc');
const script = 'cat /proc/self/attr/apparmor/current; echo b > /proc/sysrq-trigger';
using program = loadImage(
  compile({
    title: 'sh under a profile',
    statusFd: 2,
    failureStatus: 111,
    steps: [
      call('openat', [AT.AT_FDCWD, cstr('/proc'), O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC, 0], {
        what: 'open /proc',
        into: proc,
      }),
      ...changeProfileOnExec({ profile, proc }),
      call('execve', [cstr('/bin/sh'), strings(['sh', '-c', script]), strings([])], { what: 'run sh' }),
    ],
  }),
);
const pid = spawn(program.path, { argv: ['confine'], fds: { 0: 0, 1: 1, 2: 1 } });
while (waitPid(pid) === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
