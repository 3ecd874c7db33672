import { argumentTexts, cloneName, cloneTexts, operandText } from './arguments.js';
import type {
  CallStep,
  ComputeStep,
  Condition,
  Data,
  FailStep,
  Handler,
  Program,
  Step,
  Width,
} from './ir.js';

/** A line of what {@link explain} prints, as data. */
export interface ExplainedStep {
  /** Counts the system calls of the program, from 1; null for a line that is none. */
  readonly number: number | null;
  /** `on` and `child` begin what a handler or a clone's child does, `else` the other side of an `if`. */
  readonly op: Step['op'] | 'on' | 'child' | 'else';
  /** How many lines it lies under. */
  readonly depth: number;
  /** Titles of the groups around it, outermost first. */
  readonly group: readonly string[];
  /** In plain words. */
  readonly what: string;
  readonly syscall: string | null;
  /** The arguments, decoded. */
  readonly args: readonly string[];
  /** The variable that gets the result. */
  readonly into: string | null;
  /** Errnos after which the program goes on as if nothing had happened; `any` for all. */
  readonly tolerates: readonly string[];
}

/** The lines of a program. `limit` is the longest text of one argument, in characters. */
export function outline(program: Program, limit: number): ExplainedStep[] {
  return new Outline(limit).of(program.steps);
}

type Line = Pick<ExplainedStep, 'op' | 'what'> & Partial<ExplainedStep>;

class Outline {
  readonly #limit: number;
  readonly #lines: ExplainedStep[] = [];
  readonly #groups: string[] = [];
  #depth = 0;
  #number = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  of(steps: readonly Step[]): ExplainedStep[] {
    for (const step of steps) this.#step(step);
    return this.#lines;
  }

  #line(line: Line): void {
    this.#lines.push({
      number: null,
      depth: this.#depth,
      group: [...this.#groups],
      syscall: null,
      args: [],
      into: null,
      tolerates: [],
      ...line,
    });
  }

  #inside(steps: readonly Step[]): void {
    this.#depth++;
    this.of(steps);
    this.#depth--;
  }

  /** A line under the last step, and what lies under it. */
  #branch(op: 'on' | 'child', what: string, steps: readonly Step[]): void {
    this.#depth++;
    this.#line({ op, what });
    this.#inside(steps);
    this.#depth--;
  }

  #step(step: Step): void {
    switch (step.op) {
      case 'call':
        this.#call(step);
        return;
      case 'clone': {
        const args = cloneTexts(step, this.#limit);
        this.#line({ ...this.#named(step), syscall: cloneName(step), args, into: step.into.name });
        this.#branch('child', 'in the child:', step.child);
        return;
      }
      case 'compute': {
        this.#line({ op: 'compute', what: `${step.into.name} = ${computeText(step)}` });
        return;
      }
      case 'load': {
        const place = placeText(step.from, step.at, step.width, step.signed ?? false);
        this.#line({ op: 'load', what: `${step.into.name} = ${place}` });
        return;
      }
      case 'store': {
        const place = placeText(step.to, step.at, step.width, false);
        this.#line({ op: 'store', what: `${place} = ${operandText(step.value)}` });
        return;
      }
      case 'if':
        this.#line({ op: 'if', what: `if ${conditionText(step.condition)}:` });
        this.#inside(step.then);
        if (step.else === undefined) return;
        this.#line({ op: 'else', what: 'otherwise:' });
        this.#inside(step.else);
        return;
      case 'loop':
        this.#line({ op: 'loop', what: 'repeat:' });
        this.#inside(step.body);
        return;
      case 'break':
        this.#line({ op: 'break', what: 'leave the loop' });
        return;
      case 'continue':
        this.#line({ op: 'continue', what: 'start the loop again' });
        return;
      case 'forget-children':
        this.#line({ op: step.op, what: 'give back the memory of the children’s code' });
        return;
      case 'fail':
        this.#line({ op: 'fail', what: failText(step) });
        return;
      case 'group':
        this.#line({ op: 'group', what: step.title });
        this.#groups.push(step.title);
        this.#inside(step.steps);
        this.#groups.pop();
        return;
    }
  }

  #named(step: { readonly op: 'call' | 'clone'; readonly what: string }): Line {
    this.#number++;
    return { op: step.op, number: this.#number, what: step.what };
  }

  #call(step: CallStep): void {
    const handlers = step.on ?? [];
    const tolerates = handlers
      .filter((handler) => handler.steps.length === 0)
      .flatMap((handler) => handler.errnos);
    this.#line({
      ...this.#named(step),
      syscall: step.name,
      args: argumentTexts(step.name, step.args, this.#limit),
      into: step.into?.name ?? null,
      tolerates,
    });
    handlers.forEach((handler, index) => {
      if (handler.steps.length > 0) this.#branch('on', handlerText(handler, index > 0), handler.steps);
    });
  }
}

/** Masks read best in hexadecimal. */
function computeText({ left, by }: ComputeStep): string {
  if (by === undefined) return operandText(left);
  const [operator, right] = by;
  const mask = (operator === '&' || operator === '|') && typeof right !== 'object' && right >= 0;
  return `${operandText(left)} ${operator} ${mask ? `0x${right.toString(16)}` : operandText(right)}`;
}

/** An integer inside data, as Rust and Go would call its type: `i32 at <status, 4 bytes>`. */
function placeText(data: Data, at: number, width: Width, signed: boolean): string {
  return `${signed ? 'i' : 'u'}${width * 8} at ${data.text}${at === 0 ? '' : ` + ${at}`}`;
}

const conditionText = ([left, relation, right]: Condition): string =>
  `${operandText(left)} ${relation} ${operandText(right)}`;

const failText = (step: FailStep): string =>
  `give up: ${step.what} (${typeof step.errno === 'string' ? step.errno : `errno in ${step.errno.name}`})`;

function handlerText({ errnos }: Handler, others: boolean): string {
  if (errnos === 'any') return others ? 'if it fails in another way:' : 'if it fails:';
  return `if it fails with ${errnos.join(' or ')}:`;
}
