import type { Arithmetic, Condition, Data, Operand, Relation, Slot, Step, Width } from '../src/program/ir.js';

type End = 'break' | 'continue' | undefined;

/** The signs of left - right with which a relation holds. */
const SIGNS: Readonly<Record<Relation, readonly number[]>> = {
  '==': [0],
  '!=': [-1, 1],
  '<': [-1],
  '<=': [-1, 0],
  '>': [1],
  '>=': [0, 1],
};

/** What the steps of a program that need no kernel do, said a second time and in the simplest way. */
export class Interpreter {
  readonly #slots = new Map<Slot, bigint>();
  readonly #memory = new Map<Data, DataView>();

  /** The value of a variable, signed. */
  slot(slot: Slot): bigint {
    return this.#slots.get(slot) ?? 0n;
  }

  memory(data: Data): DataView {
    let view = this.#memory.get(data);
    if (view === undefined) {
      const content = typeof data.bytes === 'number' ? new Uint8Array(data.bytes) : data.bytes.slice();
      view = new DataView(content.buffer);
      this.#memory.set(data, view);
    }
    return view;
  }

  run(steps: readonly Step[]): End {
    for (const step of steps) {
      const end = this.#step(step);
      if (end !== undefined) return end;
    }
    return undefined;
  }

  #step(step: Step): End {
    switch (step.op) {
      case 'compute':
        this.#slots.set(
          step.into,
          compute(this.#value(step.left), step.by?.[0], this.#value(step.by?.[1] ?? 0)),
        );
        return undefined;
      case 'load':
        this.#slots.set(step.into, load(this.memory(step.from), step.at, step.width, step.signed ?? false));
        return undefined;
      case 'store':
        store(this.memory(step.to), step.at, step.width, this.#value(step.value));
        return undefined;
      case 'if':
        return this.run(this.#holds(step.condition) ? step.then : (step.else ?? []));
      case 'loop':
        while (this.run(step.body) !== 'break');
        return undefined;
      case 'break':
      case 'continue':
        return step.op;
      case 'group':
        return this.run(step.steps);
      default:
        throw new TypeError(`${step.op} needs a kernel`);
    }
  }

  #value(operand: Operand): bigint {
    if (typeof operand !== 'object') return BigInt.asIntN(64, BigInt(operand));
    if (operand.kind !== 'slot') throw new TypeError('addresses are for the kernel');
    return this.slot(operand);
  }

  #holds([left, relation, right]: Condition): boolean {
    const [a, b] = [this.#value(left), this.#value(right)];
    const sign = a < b ? -1 : a > b ? 1 : 0;
    return SIGNS[relation].includes(sign);
  }
}

function compute(left: bigint, operator: Arithmetic | undefined, right: bigint): bigint {
  const shift = BigInt.asUintN(6, right);
  switch (operator) {
    case '+':
      return BigInt.asIntN(64, left + right);
    case '-':
      return BigInt.asIntN(64, left - right);
    case '&':
      return left & right;
    case '|':
      return left | right;
    case '<<':
      return BigInt.asIntN(64, left << shift);
    case '>>':
      return BigInt.asIntN(64, BigInt.asUintN(64, left) >> shift);
    default:
      return left;
  }
}

function load(from: DataView, at: number, width: Width, signed: boolean): bigint {
  let value = 0n;
  for (let index = width - 1; index >= 0; index--) value = (value << 8n) | BigInt(from.getUint8(at + index));
  return signed ? BigInt.asIntN(width * 8, value) : BigInt.asIntN(64, value);
}

function store(to: DataView, at: number, width: Width, value: bigint): void {
  for (let index = 0; index < width; index++) {
    to.setUint8(at + index, Number(BigInt.asUintN(8, value >> BigInt(index * 8))));
  }
}
