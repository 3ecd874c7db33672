import { NsError } from '@ns/errors';

import type { Placement } from './elf.js';
import type { Data, Slot } from './ir.js';

const MAX_SEGMENT = 256 * 1024 * 1024;
/** Strings up to this long are looked for among those already there. */
const MAX_SHARED = 256;

/** A segment under construction. Contents are copied in when the whole size is known. */
class Segment {
  readonly base: number;
  readonly #placed: { readonly at: number; readonly data: Data }[] = [];
  size = 0;
  /** End of the last initialised byte. */
  filled = 0;

  constructor(base: number) {
    this.base = base;
  }

  reserve(size: number, align: number): number {
    const at = Math.ceil(this.size / align) * align;
    this.size = at + size;
    if (this.size > MAX_SEGMENT) {
      throw new NsError('ERR_NS_PROGRAM', {
        operation: 'compile',
        message: `data of more than ${MAX_SEGMENT / 1024 / 1024} MiB`,
      });
    }
    return at;
  }

  place(data: Data): number {
    const size = typeof data.bytes === 'number' ? data.bytes : data.bytes.length;
    const at = this.reserve(size, data.align);
    if (typeof data.bytes !== 'number') {
      this.#placed.push({ at, data });
      this.filled = this.size;
    }
    return at;
  }

  /** The first `length` bytes. */
  content(length: number, address: (data: Data) => number): Uint8Array {
    const content = new Uint8Array(length);
    const view = new DataView(content.buffer);
    for (const { at, data } of this.#placed) {
      content.set(data.bytes as Uint8Array, at);
      // Addresses are below 2^32, and the upper halves are zero already.
      for (const pointer of data.pointers) view.setUint32(at + pointer.at, address(pointer.to), true);
    }
    return content;
  }
}

/**
 * Where data and variables lie. Addresses are given out on first use and never change.
 *
 * Writable data and variables share a segment, so that a program touches few pages.
 */
export class Layout {
  readonly #readonly: Segment;
  readonly #writable: Segment;
  readonly #offsets = new Map<Data | Slot, number>();
  readonly #shared = new Map<string, Data>();

  constructor(placement: Placement) {
    this.#readonly = new Segment(placement.readonly);
    this.#writable = new Segment(placement.writable);
  }

  /** Where the read-only and the writable data end. */
  get ends(): { readonly readonly: number; readonly writable: number } {
    return {
      readonly: this.#readonly.base + this.#readonly.size,
      writable: this.#writable.base + this.#writable.size,
    };
  }

  /** Zeroed bytes of the writable segment; returns their offset in it. */
  reserve(size: number): number {
    return this.#writable.reserve(size, 8);
  }

  /** The offset of a variable in the writable segment. */
  slot(slot: Slot): number {
    let at = this.#offsets.get(slot);
    if (at === undefined) {
      at = this.reserve(8);
      this.#offsets.set(slot, at);
    }
    return at;
  }

  /** The offset of writable data in its segment. @throws {@link NsError} `ERR_NS_PROGRAM` when it is read-only. */
  writable(data: Data): number {
    if (!data.writable) {
      throw new NsError('ERR_NS_PROGRAM', {
        operation: 'compile',
        message: `${data.text} is read-only data`,
      });
    }
    return this.#place(data);
  }

  address(data: Data): number {
    return (data.writable ? this.#writable : this.#readonly).base + this.#place(data);
  }

  #place(data: Data): number {
    const known = this.#offsets.get(data);
    if (known !== undefined) return known;
    const same = this.#same(data);
    if (same !== undefined) {
      const at = this.#offsets.get(same)!;
      this.#offsets.set(data, at);
      return at;
    }
    const at = (data.writable ? this.#writable : this.#readonly).place(data);
    this.#offsets.set(data, at);
    // What it points to is placed now: nothing new may appear while contents are written.
    for (const pointer of data.pointers) this.#place(pointer.to);
    return at;
  }

  /**
   * Data that is there already and can stand for another: the same `"/"`, `"proc"`, `struct open_how` appear dozens of
   * times. What reads the same is probably the same, and is compared.
   */
  #same(data: Data): Data | undefined {
    if (data.writable || typeof data.bytes === 'number' || data.pointers.length > 0) return undefined;
    if (data.bytes.length > MAX_SHARED) return undefined;
    const other = this.#shared.get(data.text);
    if (other === undefined) {
      this.#shared.set(data.text, data);
      return undefined;
    }
    const fits = other.align >= data.align && Buffer.compare(data.bytes, other.bytes as Uint8Array) === 0;
    return fits ? other : undefined;
  }

  parts(): { readonly: Uint8Array; writable: Uint8Array; writableSize: number } {
    const address = (data: Data): number => this.address(data);
    return {
      readonly: this.#readonly.content(this.#readonly.size, address),
      writable: this.#writable.content(this.#writable.filled, address),
      writableSize: this.#writable.size,
    };
  }
}
