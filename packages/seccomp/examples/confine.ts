// needs: root linux
/** Runs a shell under Docker's default profile, with one more call refused. */
import { DOCKER_DEFAULT_PROFILE, filterFor, hostContext, loadSteps, type DockerProfile } from '@ns/seccomp';
import { call, compile, cstr, loadImage, spawn, strings, waitPid } from '@ns/syscall';

const profile: DockerProfile = {
  ...DOCKER_DEFAULT_PROFILE,
  syscalls: [
    { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 30 },
    ...DOCKER_DEFAULT_PROFILE.syscalls!,
  ],
};
const filter = filterFor(hostContext(['CAP_CHOWN', 'CAP_KILL']), profile);
console.log(`${filter.length} instructions`);

const script = 'mkdir /tmp/no; unshare --mount true; echo still here';
using program = loadImage(
  compile({
    title: 'a confined shell',
    statusFd: 2,
    failureStatus: 111,
    steps: [
      ...loadSteps(filter),
      call('execve', [cstr('/bin/sh'), strings(['sh', '-c', script]), strings(['PATH=/usr/bin:/bin'])], {
        what: 'run a shell',
      }),
    ],
  }),
);
const pid = spawn(program.path, { argv: ['confine'], fds: { 0: 0, 1: 1, 2: 1 } });
while (waitPid(pid) === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
