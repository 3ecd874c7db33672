/** How a container ended, as LXC has logged it. */
export type Ending = { readonly status: number } | { readonly signal: number };

/**
 * How the container's first process ended, from LXC's log at level INFO: lxc-start's own exit status does not tell. The
 * first such line counts: after a reboot(2) of the container LXC would start it again.
 *
 * @returns Undefined without a line: it has ended with status 0, or is running, or lxc-start was killed.
 */
export function endingIn(log: string): Ending | undefined {
  const [, what, number] = /Child <\d+> ended on (error|signal) [^(\n]*\((\d+)\)/.exec(log) ?? [];
  if (what === undefined) return undefined;
  return what === 'error' ? { status: Number(number) } : { signal: Number(number) };
}

/** The pid of the container's first process, as the host sees it. */
export function pidIn(log: string): number | undefined {
  const [, pid] = /Started ".*" with pid "(\d+)"/.exec(log) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

/** Errors that are the consequence of others, or advice for people at a prompt. */
const CONSEQUENCES =
  /An error occurred in another process|Failed to spawn container|The container failed to start|Additional information|To get more details/;

/** What LXC says that went wrong, the cause first; at most three of them. */
export function errorsIn(log: string): string[] {
  return log
    .split('\n')
    .flatMap((line) => /^\S+ \S+ \d{14}\.\d+ (?:ERROR|FATAL) +\S+ - \S+?:\d+ - (.*)$/.exec(line)?.[1] ?? [])
    .filter((text) => !CONSEQUENCES.test(text))
    .slice(0, 3);
}

/** Whether the process that would have become the container's first one has failed. */
export const hasGivenUp = (log: string): boolean => /ERROR +start - \S+:do_start:\d+ - /.test(log);
