/** Compiles a program of system calls, runs it, and reads which step failed when one is made to. */
import * as ns from '@ns/syscall';

const text = 'hello from a program without libc\n';
const pid = ns.slot('pid');

const hello: ns.Program = {
  title: 'Say hello',
  statusFd: 3,
  failureStatus: 1,
  steps: [
    ns.call('write', [1, ns.cstr(text), text.length], {
      what: 'write to standard output',
      object: 'stdout',
      hints: { EPIPE: 'somebody must read it' },
    }),
    ns.call('getpid', [], { what: 'ask for the process id', into: pid }),
    ns.when([pid, '==', 1], [ns.exit(1)]),
    ns.exit(42),
  ],
};

function run(program: ns.Program): void {
  const image = ns.compile(program);
  using loaded = ns.loadImage(image);
  using status = ns.pipe();
  const child = ns.spawn(loaded.path, { argv: ['hello'], fds: { 1: 1, 3: status.write.fd } });
  status.write.close();
  const record = ns.readAll(status.read.fd, ns.FAILURE_RECORD_SIZE);
  const ended = Buffer.alloc(4);
  ns.syscall('wait for the program', 'wait4', child, ended, 0, null);
  console.log(image.elf.length, 'bytes,', ns.decodeWaitStatus(ended.readInt32LE()));
  if (record.length === 0) return;
  const { error } = ns.failureOf(image, record);
  console.log(`${error.message}; hint: ${error.hint}`);
}

run(hello);
run(ns.injectFault(hello, 0, 'EPIPE'));
