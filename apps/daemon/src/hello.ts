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
  const text = cstr(TEXT);
  return {
    title: 'hello-world',
    statusFd: STDERR,
    failureStatus: 1,
    steps: [
      // Nobody may be listening, and that is no reason to fail.
      call('write', [STDOUT, text, Buffer.byteLength(TEXT)], { what: 'say hello', tolerate: 'any' }),
      exit(0),
    ],
  };
}

/** The name under which the image is known. */
export const HELLO_IMAGE = 'hello-world:latest';

/** The instructions that say what the image runs. */
export const HELLO_CHANGES: readonly string[] = ['CMD ["/hello"]'];

/** The root file system of the image, as a tar archive: one executable for this machine. */
export function helloArchive(): Buffer {
  const { elf } = compile(helloProgram());
  const padding = Buffer.alloc((BLOCK - (elf.length % BLOCK)) % BLOCK);
  return Buffer.concat([header('hello', elf.length, 0o755), elf, padding, Buffer.alloc(2 * BLOCK)]);
}

const BLOCK = 512;

/** A ustar header of a file of root's, at the beginning of 1970: the same archive every time. See tar(5). */
function header(name: string, size: number, mode: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, length: number): string => value.toString(8).padStart(length - 1, '0');
  block.write(name, 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.write(' '.repeat(8), 148);
  block.write('0', 156);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)}\0 `, 148);
  return block;
}
