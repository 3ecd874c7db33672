import { NsError } from '@ns/errors';

import { ERRNO } from '../uapi/errno.js';
import { set, walk, type CallStep, type CloneStep, type FailStep, type Program, type Step } from './ir.js';

/** A `fail` step that stands where a call was: errors name the call. */
interface InjectedFailure extends FailStep {
  readonly instead: CallStep | CloneStep;
}

/** The step that an injected failure stands for; any other step is itself. */
export function insteadOf(step: CallStep | CloneStep | FailStep): CallStep | CloneStep | FailStep {
  return 'instead' in step ? (step as InjectedFailure).instead : step;
}

const isCall = (step: Step): step is CallStep | CloneStep => step.op === 'call' || step.op === 'clone';

/** How many system calls are written in a program, those of handlers, loops and children counted once each. */
export function countSteps(program: Program): number {
  let count = 0;
  for (const step of walk(program.steps)) if (isCall(step)) count++;
  return count;
}

/**
 * The same program, one of whose calls is not made but fails: for tests of what happens when the kernel says no.
 *
 * @remarks
 * Pure. The call's handlers apply as if the kernel had answered: a tolerated errno is tolerated, and the result is the
 * negative errno. A failure that is not handled is reported as the call's own, see {@link failureOf}. A call in a
 * handler or in a branch fails only when the program comes there.
 *
 * @param index - Which call, from 0, in the order of {@link walk}: the one that `explain` numbers `index + 1`.
 * @param errno - Its name: `EPERM`.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` when there is no such call or errno.
 *
 * @example Every call of a program fails in turn
 * ```ts
 * for (let index = 0; index < countSteps(program); index++) {
 *   const broken = compile(injectFault(program, index, 'ENOMEM'));
 * }
 * ```
 */
export function injectFault(program: Program, index: number, errno: string): Program {
  const invalid = (message: string, hint: string): NsError =>
    new NsError('ERR_NS_INVALID_ARGUMENT', { operation: 'inject a fault', message, hint });
  const number = (ERRNO as Readonly<Record<string, number>>)[errno];
  if (number === undefined) {
    throw invalid(`unknown errno ${errno}`, 'use a name of errno(3), such as EPERM');
  }
  const fault = new Fault(index, errno, number);
  const steps = fault.list(program.steps);
  if (!fault.done) {
    throw invalid(`no system call ${index} in "${program.title}"`, 'countSteps says how many there are');
  }
  return { ...program, steps };
}

class Fault {
  readonly #errno: string;
  readonly #number: number;
  #left: number;
  done = false;

  constructor(index: number, errno: string, number: number) {
    this.#left = index;
    this.#errno = errno;
    this.#number = number;
  }

  /** Steps in which nothing was replaced stay the same objects. */
  list(steps: readonly Step[]): readonly Step[] {
    if (this.done) return steps;
    const copy = steps.flatMap((step) => this.#step(step));
    return this.done ? copy : steps;
  }

  #step(step: Step): Step | readonly Step[] {
    if (this.done) return step;
    if (isCall(step) && this.#left-- === 0) {
      this.done = true;
      return this.#failing(step);
    }
    const copy = this.#inside(step);
    return this.done ? copy : step;
  }

  #inside(step: Step): Step {
    switch (step.op) {
      case 'call': {
        if (step.on === undefined) return step;
        return { ...step, on: step.on.map((handler) => ({ ...handler, steps: this.list(handler.steps) })) };
      }
      case 'clone':
        return { ...step, child: this.list(step.child) };
      case 'if': {
        const then = this.list(step.then);
        return { ...step, then, ...(step.else === undefined ? {} : { else: this.list(step.else) }) };
      }
      case 'loop':
        return { ...step, body: this.list(step.body) };
      case 'group':
        return { ...step, steps: this.list(step.steps) };
      default:
        return step;
    }
  }

  /** What a program does after a call that failed. */
  #failing(step: CallStep | CloneStep): readonly Step[] {
    const handlers = step.op === 'call' ? (step.on ?? []) : [];
    const handler = handlers.find(({ errnos }) => errnos === 'any' || errnos.includes(this.#errno));
    if (handler === undefined) {
      const { what, object, hints, tag } = step;
      const failure: InjectedFailure = {
        op: 'fail',
        errno: this.#errno,
        what,
        object,
        hints,
        tag,
        instead: step,
      };
      return [failure];
    }
    const result = step.into === undefined ? [] : [set(step.into, -this.#number)];
    return [...result, ...handler.steps];
  }
}
