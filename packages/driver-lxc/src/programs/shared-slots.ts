import { walk, type Slot, type Step } from '@ns/syscall';

/** The variables that some steps set and others, which are done by another program, use: in the order in which they are set. */
export function sharedSlots(setters: readonly Step[], users: readonly Step[]): Slot[] {
  const used = new Set<unknown>();
  for (const step of walk(users)) {
    if (step.op === 'call') for (const argument of step.args) used.add(argument);
  }
  const shared = new Set<Slot>();
  for (const step of walk(setters)) {
    if (step.op === 'call' && step.into !== undefined && used.has(step.into)) shared.add(step.into);
  }
  return [...shared];
}
