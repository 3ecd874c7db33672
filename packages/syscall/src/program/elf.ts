/** ELF machine numbers, elf.h. */
export const MACHINES = { x86_64: 62, aarch64: 183 } as const;

/** An architecture programs can be compiled for. */
export type Architecture = keyof typeof MACHINES;

/** The largest page size a kernel of the architecture may have: segments start at multiples of it. */
export const PAGE_SIZES: Readonly<Record<Architecture, number>> = { x86_64: 0x1000, aarch64: 0x10000 };

const HEADER_SIZE = 64;
const PROGRAM_HEADER_SIZE = 56;
const PT_LOAD = 1;
const PT_GNU_STACK = 0x6474e551;
const PF_X = 1;
const PF_W = 2;
const PF_R = 4;

/** Where the parts of a program lie in memory, chosen before they are made: code has addresses in it. */
export interface Placement {
  readonly code: number;
  readonly readonly: number;
  readonly writable: number;
  /** Behind what may be writable. */
  readonly end: number;
}

const MIB = 0x10_0000;
/** Where code lies unless the program says otherwise. */
export const CODE_ADDRESS: number = 4 * MIB;
/** Code lies below it. */
export const HIGHEST_CODE: number = 256 * MIB;

/** All of a small program within two MiB, for which the kernel needs a single table of pages. */
export const near = (code: number): Placement => ({
  code,
  readonly: code + MIB / 2,
  writable: code + MIB,
  end: code + 2 * MIB,
});

/** Room for 256 MiB of each kind of data. */
export const far = (code: number): Placement => ({
  code,
  readonly: HIGHEST_CODE,
  writable: 1024 * MIB,
  end: 1280 * MIB,
});

const SEGMENTS = 4;
/** File offset of the first instruction; the headers lie before it, in the same segment. */
export const CODE_OFFSET: number = HEADER_SIZE + SEGMENTS * PROGRAM_HEADER_SIZE;

/** The parts of an executable. */
export interface Parts {
  readonly placement: Placement;
  readonly code: Uint8Array;
  readonly readonly: Uint8Array;
  /** Initial content of the writable segment… */
  readonly writable: Uint8Array;
  /** …and its size in memory, at least as large. */
  readonly writableSize: number;
}

/**
 * A static ELF executable: code that is not writable, data that is not executable, a stack that is not executable.
 *
 * No section headers, no interpreter, no libc. See elf(5).
 */
export function elf(architecture: Architecture, parts: Parts): Uint8Array {
  const { placement } = parts;
  const page = PAGE_SIZES[architecture];
  const align = (offset: number): number => Math.ceil(offset / page) * page;
  const codeEnd = CODE_OFFSET + parts.code.length;
  const readonlyAt = align(codeEnd);
  const writableAt = align(readonlyAt + parts.readonly.length);
  // An empty part takes no place in the file.
  const size =
    parts.writable.length > 0 ? writableAt + parts.writable.length : readonlyAt + parts.readonly.length;

  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1], 0); // magic, 64-bit, little-endian, version 1
  view.setUint16(16, 2, true); // ET_EXEC
  view.setUint16(18, MACHINES[architecture], true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(placement.code + CODE_OFFSET), true); // entry
  view.setBigUint64(32, BigInt(HEADER_SIZE), true); // program headers
  view.setUint16(52, HEADER_SIZE, true);
  view.setUint16(54, PROGRAM_HEADER_SIZE, true);
  view.setUint16(56, SEGMENTS, true);

  let header = HEADER_SIZE;
  const segment = (
    type: number,
    flags: number,
    at: number,
    address: number,
    fileSize: number,
    memorySize: number,
  ): void => {
    view.setUint32(header, type, true);
    view.setUint32(header + 4, flags, true);
    view.setBigUint64(header + 8, BigInt(at), true);
    view.setBigUint64(header + 16, BigInt(address), true);
    view.setBigUint64(header + 24, BigInt(address), true);
    view.setBigUint64(header + 32, BigInt(fileSize), true);
    view.setBigUint64(header + 40, BigInt(memorySize), true);
    view.setBigUint64(header + 48, BigInt(page), true);
    header += PROGRAM_HEADER_SIZE;
  };
  segment(PT_LOAD, PF_R | PF_X, 0, placement.code, codeEnd, codeEnd);
  segment(PT_LOAD, PF_R, readonlyAt, placement.readonly, parts.readonly.length, parts.readonly.length);
  segment(PT_LOAD, PF_R | PF_W, writableAt, placement.writable, parts.writable.length, parts.writableSize);
  segment(PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0);

  file.set(parts.code, CODE_OFFSET);
  file.set(parts.readonly, readonlyAt);
  if (parts.writable.length > 0) file.set(parts.writable, writableAt);
  return file;
}
