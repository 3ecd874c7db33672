import type { BuiltinImage } from '@ns/images';
import { call, compile, cstr, exit, type Program } from '@ns/syscall';

const TEXT = `
Hello from ns!

This message shows that your installation works. To get here:
 1. The client asked ns-daemon to create a container from the image "hello-world".
 2. The daemon wrote down the system calls that make a container, and compiled
    them to an executable of a few KiB.
 3. It made namespaces and mounts, changed the root, and executed /hello: the program
    that says this. It is a list of system calls, too: write, exit_group.

See the one that started this container:
 $ ns explain run hello-world

Try something more ambitious, with the root file system of this machine under an overlay:
 $ ns run -it --rm --rootfs / bash
`;

const STDOUT = 1;
const STDERR = 2;

/** The program of the image `hello-world`. */
export function helloProgram(): Program {
  return {
    title: 'hello-world',
    statusFd: STDERR,
    failureStatus: 1,
    steps: [
      // Nobody may be listening, and that is no reason to fail.
      call('write', [STDOUT, cstr(TEXT), Buffer.byteLength(TEXT)], { what: 'say hello', tolerate: 'any' }),
      exit(0),
    ],
  };
}

/** The image that is there before any other: one executable, made for this machine. */
export function helloImage(): BuiltinImage {
  return {
    name: 'hello-world',
    files: new Map([['hello', { mode: 0o755, bytes: compile(helloProgram()).elf }]]),
    config: { Cmd: ['/hello'] },
    message: 'a syscall program, compiled by ns-daemon',
  };
}
