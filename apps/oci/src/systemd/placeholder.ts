import { call, compile, exit, loadImage, O, openat2, pipe, scratch, spawn, waitPid } from '@ns/syscall';

/** A process that does nothing but be there. */
export interface Placeholder {
  readonly pid: number;
  /** Let it end, and wait for that. */
  end(): Promise<void>;
}

/**
 * Start a process that waits for the end of a pipe: systemd makes no scope without a process, and ours would take its
 * memory along into the container's cgroup.
 *
 * @remarks
 * It ends when this process does, whatever happens.
 */
export function startPlaceholder(): Placeholder {
  const image = compile({
    title: 'placeholder',
    statusFd: 2,
    failureStatus: 1,
    steps: [
      call('read', [0, scratch(1, 'byte'), 1], { what: 'wait until the scope has another process' }),
      exit(0),
    ],
  });
  using program = loadImage(image);
  using nothing = openat2('/dev/null', { flags: O.O_RDWR });
  const { read, write } = pipe();
  const pid = spawn(program.path, {
    argv: ['ns-oci scope'],
    fds: { 0: read.fd, 1: nothing.fd, 2: nothing.fd },
  });
  read.close();
  return {
    pid,
    async end() {
      write.close();
      while (waitPid(pid) === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
    },
  };
}
