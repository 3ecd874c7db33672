import { AT, at, call, cstr, exit, O, scratch, slot, when, type Program } from '@ns/syscall';

/** Of the time, at the beginning of what is written: seconds and nanoseconds, eight bytes each. */
export const TIME_SIZE = 16;
const TEXT_SIZE = 4096;

/**
 * The program of `lxc.hook.stop`, which runs when the container has ended and its cgroup is still there: it notes down when
 * that was, and how often memory ran out.
 *
 * @param file - Where.
 * @param counter - The file of the cgroup that counts; without one, only the time is noted.
 */
export function noteProgram(file: string, counter: string | undefined): Program {
  const note = scratch(TIME_SIZE + TEXT_SIZE, 'note');
  const [from, to, length] = [slot('counter'), slot('note'), slot('length')];
  const tolerate = 'any';
  const read =
    counter === undefined
      ? []
      : [
          call('openat', [AT.AT_FDCWD, cstr(counter), O.O_RDONLY | O.O_CLOEXEC, 0], {
            what: `open ${counter}`,
            into: from,
            tolerate,
          }),
          call('read', [from, at(note, TIME_SIZE), TEXT_SIZE], { what: `read ${counter}`, tolerate }),
        ];
  return {
    title: 'note down how the container ended',
    statusFd: 2,
    // LXC goes on whatever the hook says.
    failureStatus: 1,
    steps: [
      call('clock_gettime', [0, note], { what: 'get the time' }),
      ...read,
      call('openat', [AT.AT_FDCWD, cstr(file), O.O_WRONLY | O.O_CREAT | O.O_EXCL | O.O_CLOEXEC, 0o600], {
        what: `create ${file}`,
        // It is there: LXC has started the container again after a reboot(2), and this is not the first end.
        tolerate: ['EEXIST'],
        into: to,
      }),
      when([to, '<', 0], [exit(0)]),
      call('write', [to, note, TIME_SIZE + TEXT_SIZE], { what: `write ${file}`, into: length }),
      exit(0),
    ],
  };
}
