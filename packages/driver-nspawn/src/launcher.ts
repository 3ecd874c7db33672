/**
 * Numbers of the descriptors that systemd-nspawn passes on to the inner program, from 3 on and without a gap: see
 * sd_listen_fds(3). The first two are the inner program's own.
 */
export const PASSED = {
  first: 3,
  stdin: 5,
  stdout: 6,
  stderr: 7,
  /** An rtnetlink socket of the host's net namespace; without a network nothing. */
  route: 8,
  /** The devpts with the container's terminal; without one nothing. */
  devpts: 9,
  /** The first of the descriptors by which the container's cgroup is joined. */
  cgroup: 10,
} as const;

/**
 * Starts systemd-nspawn: in a cgroup of its own; with its own messages in a file instead of the container's output, which it
 * passes on with the other descriptors, for which it has to be told its pid.
 *
 * Its arguments: the files by which the cgroup is joined, `--`, the file for messages, the command.
 */
const SCRIPT = `
while [ "$1" != -- ]; do echo 0 > "$1" || exit 125; shift; done
log=$2; program=$3; shift 3
export LISTEN_PID=$$
exec "$program" "$@" ${PASSED.stdin}<&0 ${PASSED.stdout}>&1 ${PASSED.stderr}>&2 < /dev/null >> "$log" 2>&1
`;

/** The command line for `/bin/sh` that runs a program so. `args` begins with the program's own name, which is not passed on. */
export const launcherArguments = (
  joins: readonly string[],
  log: string,
  program: string,
  args: readonly string[],
): string[] => ['sh', '-c', SCRIPT, 'sh', ...joins, '--', log, program, ...args.slice(1)];
