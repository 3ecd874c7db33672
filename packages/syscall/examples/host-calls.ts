/** Starts `cat` from a sealed memory file, feeds it through a pipe, and learns of its end in the event loop. */
import { readFileSync } from 'node:fs';

import { pidfdOpen, pipe, readAll, sealedMemfd, spawn, waitPidfd, watch, writeAll } from '@ns/syscall';

using program = sealedMemfd('cat', readFileSync('/bin/cat'), { executable: true });
using input = pipe();
using output = pipe();

const pid = spawn(`/proc/self/fd/${program.fd}`, {
  argv: ['cat'],
  fds: { 0: input.read.fd, 1: output.write.fd, 2: 2 },
});
const pidfd = pidfdOpen(pid);

output.write.close();
writeAll(input.write.fd, Buffer.from('through a sealed program\n'));
input.write.close();
process.stdout.write(readAll(output.read.fd, 4096));

const watcher = watch(pidfd.fd, { readable: true }, () => {
  watcher.close();
  console.log(waitPidfd(pidfd.fd));
  pidfd.close();
});
