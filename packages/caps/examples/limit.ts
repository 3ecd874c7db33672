// needs: root linux
/** Runs `grep` with Docker's default capabilities and nothing more, for good. */
import {
  allowList,
  capabilityMask,
  capabilityNames,
  highestCapability,
  limitBounding,
  setCapabilities,
} from '@ns/caps';
import { call, compile, cstr, loadImage, spawn, strings, waitPid } from '@ns/syscall';

const allowed = capabilityMask(allowList({ add: ['NET_ADMIN'], drop: ['MKNOD'] }));
console.log(capabilityNames(allowed).join(' '));

using program = loadImage(
  compile({
    title: 'grep with fewer capabilities',
    statusFd: 2,
    failureStatus: 111,
    steps: [
      ...limitBounding(allowed, highestCapability()),
      ...setCapabilities(allowed),
      call('execve', [cstr('/bin/grep'), strings(['grep', 'Cap[EB]', '/proc/self/status']), strings([])], {
        what: 'run grep',
      }),
    ],
  }),
);
const pid = spawn(program.path, { argv: ['limit'], fds: { 0: 0, 1: 1, 2: 2 } });
while (waitPid(pid) === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
