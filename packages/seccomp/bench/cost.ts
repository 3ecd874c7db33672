/** What a filter costs: to compile, and on each call, beside the filter that libseccomp makes of the same profile. */
import { AUDIT_ARCH } from '@ns/syscall';

import {
  compileFilter,
  DOCKER_DEFAULT_PROFILE,
  evaluateFilter,
  filterFor,
  resolveProfile,
  syscallNumbers,
  type Context,
} from '../src/index.js';
import { Libseccomp } from '../test/libseccomp.js';
import { UnderFilter } from '../test/under-filter.js';

const CAPABILITIES =
  `CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE
SYS_CHROOT KILL AUDIT_WRITE`.split(/\s+/);
const CONTEXT: Context = { capabilities: CAPABILITIES, architecture: 'x86_64', kernelVersion: '6.18' };
const CALLS =
  `read write openat close newfstatat mmap futex epoll_wait recvfrom sendto clock_gettime getpid clone
socket personality clone3 unshare`.split(/\s+/);
/** First arguments with which the calls are made. */
const ARGUMENTS: Readonly<Record<string, number>> = { socket: 2, personality: 0xffff_ffff };

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

function milliseconds(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

const first = milliseconds(() => filterFor(CONTEXT));
const kept = median(Array.from({ length: 1000 }, () => milliseconds(() => filterFor(CONTEXT))));
const profile = resolveProfile(DOCKER_DEFAULT_PROFILE, CONTEXT);
const again = median(Array.from({ length: 50 }, () => milliseconds(() => compileFilter(profile, 'x86_64'))));
console.log(
  `compile: ${first.toFixed(1)} ms at first, ${again.toFixed(1)} ms warm, ${(kept * 1000).toFixed(1)} µs when kept`,
);

using libseccomp = new Libseccomp();
using program = new UnderFilter();
const ours = filterFor(CONTEXT).program;
const theirs = libseccomp.compile(profile, ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']).program;
console.log(`size: ours ${ours.length / 8} instructions, libseccomp's ${theirs.length / 8}\n`);

console.log('| call | ours | libseccomp |\n|---|---|---|');
const numbers = syscallNumbers('x86_64');
for (const name of CALLS) {
  const data = {
    number: numbers.get(name) ?? -1,
    architecture: AUDIT_ARCH.AUDIT_ARCH_X86_64,
    args: [ARGUMENTS[name] ?? 0],
  };
  const counts = [ours, theirs].map((filter) => evaluateFilter(filter, data).instructions);
  console.log(`| ${name} | ${counts.join(' | ')} |`);
}

console.log('\n| ns per call, median of 15 | no filter | ours | libseccomp |\n|---|---|---|---|');
for (const name of ['getpid', 'personality']) {
  const samples: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < 15; round++) {
    [undefined, ours, theirs].forEach((filter, index) => {
      samples[index]?.push(program.cost(filter, numbers.get(name) ?? -1, ARGUMENTS[name] ?? 0, 100_000));
    });
  }
  console.log(`| ${name} | ${samples.map((list) => median(list).toFixed(0)).join(' | ')} |`);
}
