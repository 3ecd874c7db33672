import { NsError } from '@ns/errors';

import { ERRNO } from '../uapi/errno.js';
import { SIG } from '../uapi/signal.js';
import { cloneName } from './arguments.js';
import { Aarch64Emitter } from './aarch64.js';
import {
  CODE_ADDRESS,
  CODE_OFFSET,
  elf,
  far,
  HIGHEST_CODE,
  near,
  PAGE_SIZES,
  type Architecture,
  type Placement,
} from './elf.js';
import { label, type Emitter, type Label, type Value } from './emitter.js';
import type { CallStep, CloneStep, Data, Operand, Program, Slot, Step } from './ir.js';
import { Layout } from './layout.js';
import { SYSCALLS, type SyscallName } from './syscalls.js';
import { X8664Emitter } from './x86-64.js';

/** A compiled program: the executable, and what its failure records mean. */
export interface Image {
  readonly program: Program;
  readonly architecture: Architecture;
  /** A static ELF executable. */
  readonly elf: Uint8Array;
  /** The machine code, where it lies in memory, and which step each call site belongs to: by the site's address. */
  readonly code: Uint8Array;
  readonly codeAddress: number;
  readonly sites: ReadonlyMap<number, Step>;
}

const EMITTERS: Readonly<Record<Architecture, new () => Emitter>> = {
  x86_64: X8664Emitter,
  aarch64: Aarch64Emitter,
};

/** This machine's architecture. @throws {@link NsError} `ERR_NS_UNSUPPORTED` on another than x86-64 and aarch64. */
export function nativeArchitecture(): Architecture {
  if (process.arch === 'x64') return 'x86_64';
  if (process.arch === 'arm64') return 'aarch64';
  throw new NsError('ERR_NS_UNSUPPORTED', {
    operation: 'syscall program',
    message: `no back end for the architecture ${process.arch}`,
    hint: 'use an x86-64 or aarch64 machine',
  });
}

/**
 * Compile a program to a static ELF executable of a few KiB.
 *
 * @remarks
 * Pure: needs no privilege and no Linux, and compiles for any architecture on any other. About 0.1 ms for the program
 * that starts a container.
 *
 * @throws {@link NsError} `ERR_NS_PROGRAM` when a step cannot be compiled (unknown errno, `break` outside a loop,
 * more than six arguments, data of more than 256 MiB).
 */
export function compile(program: Program, architecture: Architecture = nativeArchitecture()): Image {
  const { codeAddress: code = CODE_ADDRESS } = program;
  if (!Number.isSafeInteger(code) || code < LARGEST_PAGE || code % LARGEST_PAGE !== 0) {
    throw invalid(`code address 0x${code.toString(16)} is not a multiple of 64 KiB`);
  }
  if (code >= HIGHEST_CODE) throw invalid('code reaches into the data');
  const image =
    new Compiler(program, architecture, near(code)).run() ??
    new Compiler(program, architecture, far(code)).run();
  if (image === undefined) throw invalid('code reaches into the data');
  return image;
}

const ZERO: Value = { constant: 0 };
/** Signed and unsigned integers of 64 bits. */
const MIN_INTEGER = -(2n ** 63n);
const MAX_INTEGER = 2n ** 64n - 1n;
/** All of it is in reach of every branch instruction. */
const MAX_CODE = 64 * 1024 * 1024;
const LARGEST_PAGE = 64 * 1024;

/** Data whose content the compiler fills in. */
const writableBytes = (size: number, text: string): Data & { readonly bytes: Uint8Array } => ({
  kind: 'data',
  text,
  bytes: new Uint8Array(size),
  writable: true,
  align: 8,
  pointers: [],
});

interface Loop {
  readonly top: Label;
  readonly end: Label;
}

class Compiler {
  readonly #program: Program;
  /** Of the first instruction. */
  readonly #codeAddress: number;
  readonly #placement: Placement;
  readonly #architecture: Architecture;
  readonly #out: Emitter;
  readonly #layout: Layout;
  readonly #sites = new Map<number, Step>();
  /** Children's code follows their parent's, so that a process runs through one stretch of pages. */
  readonly #children: { readonly at: Label; readonly steps: readonly Step[] }[] = [];
  readonly #loops: Loop[] = [];
  /** Address and length of the pages that hold nothing but children's code. */
  readonly #childrenPages = writableBytes(16, 'pages of the children');

  constructor(program: Program, architecture: Architecture, placement: Placement) {
    this.#program = program;
    this.#placement = placement;
    this.#codeAddress = placement.code + CODE_OFFSET;
    this.#layout = new Layout(placement);
    this.#architecture = architecture;
    this.#out = new EMITTERS[architecture]();
  }

  /** Undefined when a part is larger than its place. */
  run(): Image | undefined {
    const record = this.#layout.reserve(8);
    this.#out.prologue(this.#placement.writable);
    this.#out.routines({
      statusFd: this.#program.statusFd,
      failureStatus: this.#program.failureStatus,
      record,
      numbers: { write: this.#number('write'), exit_group: this.#number('exit_group') },
    });
    this.#block(this.#program.steps);
    this.#end();
    const parentEnd = this.#out.offset;
    for (let child = this.#children.shift(); child !== undefined; child = this.#children.shift()) {
      this.#out.bind(child.at);
      this.#block(child.steps);
      this.#end();
    }
    const code = this.#out.code();
    if (code.length > MAX_CODE) throw invalid(`code of more than ${MAX_CODE / 1024 / 1024} MiB`);
    if (!this.#fits(code.length)) {
      this.#out.release();
      return undefined;
    }
    this.#locateChildren(parentEnd, code.length);
    const file = elf(this.#architecture, {
      code,
      placement: this.#placement,
      ...this.#layout.parts(),
    });
    const { length } = code;
    this.#out.release();
    return {
      program: this.#program,
      architecture: this.#architecture,
      elf: file,
      code: file.subarray(CODE_OFFSET, CODE_OFFSET + length),
      codeAddress: this.#codeAddress,
      sites: this.#sites,
    };
  }

  #fits(codeSize: number): boolean {
    const { readonly, writable, end } = this.#placement;
    const { ends } = this.#layout;
    return this.#codeAddress + codeSize <= readonly && ends.readonly <= writable && ends.writable <= end;
  }

  #locateChildren(parentEnd: number, codeEnd: number): void {
    const page = PAGE_SIZES[this.#architecture];
    const up = (offset: number): number => Math.ceil((this.#codeAddress + offset) / page) * page;
    const view = new DataView(this.#childrenPages.bytes.buffer);
    view.setUint32(0, up(parentEnd), true);
    view.setUint32(8, up(codeEnd) - up(parentEnd), true);
  }

  #number(name: SyscallName): number {
    return SYSCALLS[name][this.#architecture];
  }

  /** A process that runs off its last step exits with status 0. */
  #end(): void {
    this.#out.argument(0, ZERO);
    this.#out.syscall(this.#number('exit_group'));
  }

  #block(steps: readonly Step[]): void {
    for (const step of steps) this.#step(step);
  }

  #value(operand: Operand): Value {
    if (typeof operand === 'number') {
      if (!Number.isSafeInteger(operand)) throw invalid(`operand ${operand} is not an integer`);
      return { constant: operand };
    }
    if (typeof operand === 'bigint') {
      if (operand < MIN_INTEGER || operand > MAX_INTEGER)
        throw invalid(`operand ${operand} has more than 64 bits`);
      return { constant: operand };
    }
    if (operand.kind === 'slot') return { slot: this.#slot(operand) };
    if (operand.kind === 'data') return { constant: this.#layout.address(operand) };
    // One past the end is an address as well: where a string ends.
    within(operand.data, operand.offset, 0);
    return { constant: this.#layout.address(operand.data) + operand.offset };
  }

  #slot(slot: Slot): number {
    return this.#layout.slot(slot);
  }

  #step(step: Step): void {
    const out = this.#out;
    switch (step.op) {
      case 'call':
        this.#call(step);
        return;
      case 'clone':
        this.#clone(step);
        return;
      case 'compute':
        out.compute(
          this.#slot(step.into),
          this.#value(step.left),
          step.by && [step.by[0], this.#value(step.by[1])],
        );
        return;
      case 'load':
        within(step.from, step.at, step.width);
        out.load(
          this.#slot(step.into),
          this.#layout.writable(step.from) + step.at,
          step.width,
          step.signed ?? false,
        );
        return;
      case 'store':
        within(step.to, step.at, step.width);
        out.store(this.#value(step.value), this.#layout.writable(step.to) + step.at, step.width);
        return;
      case 'if': {
        const [left, relation, right] = step.condition;
        const then = label();
        const end = label();
        out.jumpIf(this.#value(left), relation, this.#value(right), then);
        this.#block(step.else ?? []);
        out.jump(end);
        out.bind(then);
        this.#block(step.then);
        out.bind(end);
        return;
      }
      case 'loop': {
        const loop: Loop = { top: label(), end: label() };
        this.#loops.push(loop);
        out.bind(loop.top);
        this.#block(step.body);
        out.jump(loop.top);
        out.bind(loop.end);
        this.#loops.pop();
        return;
      }
      case 'break':
      case 'continue': {
        const loop = this.#loops.at(-1);
        if (loop === undefined) throw invalid(`${step.op} outside a loop`);
        out.jump(step.op === 'break' ? loop.end : loop.top);
        return;
      }
      case 'forget-children':
        this.#forgetChildren();
        return;
      case 'fail':
        out.setResult(
          typeof step.errno === 'string'
            ? { constant: -errnoNumber(step.errno) }
            : { slot: this.#slot(step.errno) },
        );
        this.#site(out.failure(), step);
        return;
      case 'group':
        this.#block(step.steps);
        return;
    }
  }

  #arguments(step: CallStep): void {
    const { length } = SYSCALLS[step.name].args;
    if (step.args.length !== length) {
      throw invalid(`${step.what}: ${step.name} takes ${length} arguments, got ${step.args.length}`);
    }
    for (let index = 0; index < length; index++) {
      this.#out.argument(index, this.#value(step.args[index]!));
    }
  }

  #call(step: CallStep): void {
    const out = this.#out;
    const number = this.#number(step.name);
    this.#arguments(step);
    if (step.on === undefined) {
      this.#site(out.checkedSyscall(number), step);
      if (step.into !== undefined) out.result(this.#slot(step.into));
      return;
    }
    out.syscall(number);
    if (step.into !== undefined) out.result(this.#slot(step.into));
    const end = label();
    const places: Label[] = [];
    for (const { errnos, steps } of step.on) {
      const at = steps.length > 0 ? label() : end;
      places.push(at);
      if (errnos === 'any') out.jumpIfError(at);
      else for (const name of errnos) out.jumpIfErrno(errnoNumber(name), at);
    }
    out.jumpIfSuccess(end);
    this.#site(out.failure(), step);
    step.on.forEach(({ steps }, index) => {
      if (steps.length === 0) return;
      out.bind(places[index]!);
      this.#block(steps);
      out.jump(end);
    });
    out.bind(end);
  }

  #clone(step: CloneStep): void {
    const out = this.#out;
    const child = label();
    const { args } = step;
    if (typeof args === 'number') {
      out.argument(0, { constant: args | SIG.SIGCHLD });
      for (const index of [1, 2, 3, 4]) out.argument(index, ZERO);
    } else {
      out.argument(0, this.#value(args));
      out.argument(1, { constant: sizeOf(args) });
    }
    // Not through the checked routine: with CLONE_VM the child shares the stack, and its first call would overwrite the
    // address that the parent returns to.
    out.syscall(this.#number(cloneName(step)));
    out.jumpIfZero(child);
    const made = label();
    out.jumpIfSuccess(made);
    this.#site(out.failure(), step);
    out.bind(made);
    out.result(this.#slot(step.into));
    this.#children.push({ at: child, steps: step.child });
  }

  /** munmap(2) of the pages that hold nothing but children's code; which ones is known when all code is. */
  #forgetChildren(): void {
    const out = this.#out;
    const end = label();
    const at = this.#layout.writable(this.#childrenPages);
    out.jumpIf({ slot: at + 8 }, '==', { constant: 0n }, end);
    out.argument(0, { slot: at });
    out.argument(1, { slot: at + 8 });
    out.syscall(this.#number('munmap'));
    out.bind(end);
  }

  #site(offset: number, step: Step): void {
    this.#sites.set(this.#codeAddress + offset, step);
  }
}

const sizeOf = ({ bytes }: Data): number => (typeof bytes === 'number' ? bytes : bytes.length);

function within(data: Data, at: number, width: number): void {
  if (Number.isSafeInteger(at) && at >= 0 && at + width <= sizeOf(data)) return;
  throw invalid(`offset ${at} and ${width} bytes from there are not inside ${data.text}`);
}

function errnoNumber(name: string): number {
  const number = (ERRNO as Readonly<Record<string, number>>)[name];
  if (number === undefined) throw invalid(`unknown errno ${name}`);
  return number;
}

function invalid(message: string): NsError {
  return new NsError('ERR_NS_PROGRAM', { operation: 'compile', message });
}
