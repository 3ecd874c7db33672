import { BPF, BPF_DEVCG, EBPF } from '@ns/syscall';

import type { DeviceException, DeviceState } from './devices.js';

/** Registers by what they hold: `R0` is what the program returns, `R1` the context it is given. */
const R0 = 0;
const CONTEXT = 1;
const TYPE = 2;
const ACCESS = 3;
const MAJOR = 4;
const MINOR = 5;
const WORK = 1;

/** `struct bpf_cgroup_dev_ctx`: access shifted left by 16 and type, major, minor. */
const CTX = { accessType: 0, major: 4, minor: 8 };

const ALL_ACCESS =
  BPF_DEVCG.BPF_DEVCG_ACC_MKNOD | BPF_DEVCG.BPF_DEVCG_ACC_READ | BPF_DEVCG.BPF_DEVCG_ACC_WRITE;

interface Instruction {
  readonly code: number;
  readonly to: number;
  readonly from?: number;
  readonly offset?: number;
  readonly value?: number;
}

const load = (to: number, offset: number): Instruction => ({
  code: BPF.BPF_LDX | BPF.BPF_MEM | BPF.BPF_W,
  to,
  from: CONTEXT,
  offset,
});
const alu = (operation: number, to: number, value: number): Instruction => ({
  code: BPF.BPF_ALU | operation | BPF.BPF_K,
  to,
  value,
});
const copy = (to: number, from: number): Instruction => ({
  code: BPF.BPF_ALU | EBPF.BPF_MOV | BPF.BPF_X,
  to,
  from,
});
/** Jumps over instructions when a register is, or is not, a value. 32 bits: a major number is unsigned. */
const jump = (operation: number, to: number, value: number, offset: number): Instruction => ({
  code: EBPF.BPF_JMP32 | operation | BPF.BPF_K,
  to,
  value,
  offset,
});
const answer = (yes: boolean): Instruction[] => [
  alu(EBPF.BPF_MOV, R0, yes ? 1 : 0),
  { code: BPF.BPF_JMP | EBPF.BPF_EXIT, to: 0 },
];

/**
 * An eBPF program of type `BPF_PROG_TYPE_CGROUP_DEVICE` that decides as a state says: its instructions, eight bytes
 * each. Pure.
 *
 * @remarks
 * An allow rule answers for requests that ask for nothing beyond it; a deny rule for those that ask for any of it. That is what
 * version 1 does.
 */
export function assembleDeviceProgram({ allowsAll, exceptions }: DeviceState): Uint8Array {
  const program = [
    load(TYPE, CTX.accessType),
    copy(ACCESS, TYPE),
    alu(BPF.BPF_AND, TYPE, 0xffff),
    alu(BPF.BPF_RSH, ACCESS, 16),
    load(MAJOR, CTX.major),
    load(MINOR, CTX.minor),
    ...[...exceptions.values()].flatMap((one) => exception(one, !allowsAll)),
    ...answer(allowsAll),
  ];
  return encode(program);
}

function exception({ type, major, minor, access }: DeviceException, allows: boolean): Instruction[] {
  const { BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_DEV_CHAR } = BPF_DEVCG;
  // Tests from the last to the first: each knows by then how far it is to the next rule.
  let rule = answer(allows);
  if (access !== ALL_ACCESS) {
    const outside = allows ? ALL_ACCESS & ~access : access;
    const test = allows ? EBPF.BPF_JNE : BPF.BPF_JEQ;
    rule = [copy(WORK, ACCESS), alu(BPF.BPF_AND, WORK, outside), jump(test, WORK, 0, rule.length), ...rule];
  }
  if (minor !== '*') rule = [jump(EBPF.BPF_JNE, MINOR, minor, rule.length), ...rule];
  if (major !== '*') rule = [jump(EBPF.BPF_JNE, MAJOR, major, rule.length), ...rule];
  const kind = type === 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
  return [jump(EBPF.BPF_JNE, TYPE, kind, rule.length), ...rule];
}

/** `struct bpf_insn`: code, registers, offset, immediate value. */
function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [index, { code, to, from = 0, offset = 0, value = 0 }] of program.entries()) {
    const at = index * 8;
    view.setUint8(at, code);
    view.setUint8(at + 1, to | (from << 4));
    view.setInt16(at + 2, offset, true);
    view.setUint32(at + 4, value, true);
  }
  return bytes;
}
