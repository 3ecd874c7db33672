import { describe, expect, test } from 'vitest';

import { CODE_OFFSET, elf, MACHINES, near, PAGE_SIZES, type Architecture } from './elf.js';

interface ProgramHeader {
  readonly type: number;
  readonly flags: string;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly align: number;
}

/** The program headers of an ELF file, as `readelf -l` has them. */
function programHeaders(file: Uint8Array): ProgramHeader[] {
  const view = new DataView(file.buffer, file.byteOffset);
  const number = (at: number): number => Number(view.getBigUint64(at, true));
  const table = number(32);
  return Array.from({ length: view.getUint16(56, true) }, (_, index) => {
    const at = table + index * view.getUint16(54, true);
    const flags = view.getUint32(at + 4, true);
    return {
      type: view.getUint32(at, true),
      flags: `${flags & 4 ? 'r' : ''}${flags & 2 ? 'w' : ''}${flags & 1 ? 'x' : ''}`,
      offset: number(at + 8),
      address: number(at + 16),
      fileSize: number(at + 32),
      memorySize: number(at + 40),
      align: number(at + 48),
    };
  });
}

const PT_LOAD = 1;
const PT_GNU_STACK = 0x6474e551;

const parts = {
  placement: near(0x80_0000),
  code: new Uint8Array(5000).fill(0x90),
  readonly: new Uint8Array(70_000).fill(2),
  writable: new Uint8Array(10).fill(3),
  writableSize: 9000,
};

describe.each(['x86_64', 'aarch64'] as const)('an executable for %s', (architecture: Architecture) => {
  const file = elf(architecture, parts);
  const headers = programHeaders(file);
  const loads = headers.filter(({ type }) => type === PT_LOAD);

  test('says what it is', () => {
    const view = new DataView(file.buffer);
    expect(Buffer.from(file.subarray(0, 7)).toString('hex')).toBe('7f454c46020101');
    expect(view.getUint16(16, true)).toBe(2);
    expect(view.getUint16(18, true)).toBe(MACHINES[architecture]);
    expect(view.getUint16(60, true)).toBe(0);
  });

  test('has code that is not writable, and data and a stack that are not executable', () => {
    expect(loads.map(({ flags }) => flags)).toEqual(['rx', 'r', 'rw']);
    expect(headers.filter(({ type }) => type === PT_GNU_STACK).map(({ flags }) => flags)).toEqual(['rw']);
    expect(headers).toHaveLength(4);
  });

  test('holds every part where its header says', () => {
    const [code, readonly, writable] = loads as [ProgramHeader, ProgramHeader, ProgramHeader];
    const at = ({ offset, fileSize }: ProgramHeader): Uint8Array => file.subarray(offset, offset + fileSize);
    expect(Buffer.compare(at(code).subarray(CODE_OFFSET), parts.code)).toBe(0);
    expect(Buffer.compare(at(readonly), parts.readonly)).toBe(0);
    expect(Buffer.compare(at(writable), parts.writable)).toBe(0);
    expect(writable.memorySize).toBe(9000);
    expect(file).toHaveLength(writable.offset + 10);
  });

  test('is entered at its first instruction', () => {
    const entry = new DataView(file.buffer).getBigUint64(24, true);
    expect(Number(entry)).toBe(parts.placement.code + CODE_OFFSET);
    expect(Number(entry) - loads[0]!.address).toBe(CODE_OFFSET);
  });

  test('can be mapped: no page is shared, and offsets are congruent with addresses', () => {
    const page = PAGE_SIZES[architecture];
    for (const { offset, address, align } of loads) {
      expect(align).toBe(page);
      expect(offset % page).toBe(address % page);
    }
    const ends = loads.map(({ address, memorySize }) => address + memorySize);
    const starts = loads.map(({ address }) => address - (address % page));
    expect(starts.slice(1).every((start, index) => start >= ends[index]!)).toBe(true);
    // Not in the file either: a mapped page holds bytes of one part only.
    const pages = loads.map(({ offset, fileSize }) => [
      Math.floor(offset / page),
      Math.ceil((offset + fileSize) / page),
    ]);
    expect(pages[0]![1]).toBeLessThanOrEqual(pages[1]![0]!);
    expect(pages[1]![1]).toBeLessThanOrEqual(pages[2]![0]!);
  });

  test('may have empty parts', () => {
    const none = new Uint8Array(0);
    const small = elf(architecture, { ...parts, readonly: none, writable: none, writableSize: 8 });
    const sizes = programHeaders(small).filter(({ type }) => type === PT_LOAD);
    expect(sizes.map(({ fileSize, memorySize }) => [fileSize, memorySize])).toEqual([
      [CODE_OFFSET + 5000, CODE_OFFSET + 5000],
      [0, 0],
      [0, 8],
    ]);
  });
});
