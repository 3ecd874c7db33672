import { changeProfileOnExec } from '@ns/apparmor';
import { AT, call, cstr, O, slot, type Step } from '@ns/syscall';

/** Steps that put a program under an AppArmor profile, by where they are done. */
export interface ProfileSteps {
  /** While paths are those of the host: nothing of the image has a hand in what is written to later. */
  readonly before: readonly Step[];
  /** As late as possible. */
  readonly onExec: readonly Step[];
}

/** @param profile - Undefined: the program has the profile of whoever starts it. */
export function profileSteps(profile: string | undefined): ProfileSteps {
  if (profile === undefined) return { before: [], onExec: [] };
  const proc = slot('host’s /proc');
  const open = call('openat', [AT.AT_FDCWD, cstr('/proc'), O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC, 0], {
    what: 'open /proc of the host',
    into: proc,
  });
  return { before: [open], onExec: changeProfileOnExec({ profile, proc }) };
}
