// needs: root linux
/** Runs a program as nobody who may bind to low ports and do nothing else that a user may not: for good. */
import {
  capabilityMask,
  highestCapability,
  keepCapabilities,
  limitBounding,
  raiseAmbient,
  setCapabilities,
} from '@ns/caps';
import { call, compile, cstr, loadImage, spawn, strings, waitPid } from '@ns/syscall';

const mask = capabilityMask(['NET_BIND_SERVICE']);
const argv = ['grep', '-E', 'Uid|Cap', '/proc/self/status'];

using program = loadImage(
  compile({
    title: 'grep as nobody with one capability',
    statusFd: 2,
    failureStatus: 111,
    steps: [
      ...limitBounding(mask, highestCapability()),
      keepCapabilities(),
      call('setgroups', [0, 0], { what: 'leave all groups' }),
      call('setresgid', [65534, 65534, 65534], { what: 'become group nogroup' }),
      call('setresuid', [65534, 65534, 65534], { what: 'become nobody' }),
      ...setCapabilities({ permitted: mask, inheritable: mask }),
      ...raiseAmbient(mask),
      call('execve', [cstr('/bin/grep'), strings(argv), strings([])], { what: 'run grep' }),
    ],
  }),
);
const pid = spawn(program.path, { argv: ['ambient'], fds: { 0: 0, 1: 1, 2: 2 } });
while (waitPid(pid) === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
