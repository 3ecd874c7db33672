import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import { pieces } from '../test/archives.js';
import { decode } from './decompress.js';

const content = Buffer.from('some text, again and again. '.repeat(20_000));

async function unpack(bytes: Buffer, size = 1000): Promise<Buffer> {
  const { content: stream } = await decode('import image', pieces(bytes, size));
  return buffer(stream);
}

describe('decode', () => {
  test.each([1, 3, 1000, 1_000_000])('passes plain content on, in pieces of %i bytes', async (size) => {
    const small = content.subarray(0, size * 20);
    const decoded = await decode('import image', pieces(small, size));
    expect(decoded.compression).toBe('none');
    expect(await buffer(decoded.content)).toEqual(small);
  });

  test('passes what is shorter than any signature on', async () => {
    expect(await unpack(Buffer.alloc(0))).toEqual(Buffer.alloc(0));
    expect(await unpack(Buffer.from([0x1f]))).toEqual(Buffer.from([0x1f]));
  });

  test('unpacks gzip, of several members too', async () => {
    const half = content.length / 2;
    expect(await unpack(gzipSync(content), 7)).toEqual(content);
    const members = [gzipSync(content.subarray(0, half)), gzipSync(content.subarray(half))];
    expect(await unpack(Buffer.concat(members))).toEqual(content);
  });

  test('says that gzip was cut off, or is damaged', async () => {
    const packed = gzipSync(content);
    await expect(unpack(packed.subarray(0, packed.length - 9))).rejects.toThrow(
      'import image: the gzip data is damaged: it ends too early',
    );
    const broken = Buffer.from(packed);
    broken.fill(0xff, 20, 60);
    await expect(unpack(broken)).rejects.toThrow('import image: the gzip data is damaged: ');
  });

  test('passes the error of its source on as it is', async () => {
    const packed = gzipSync(content);
    const source = async function* (): AsyncGenerator<Buffer> {
      yield packed.subarray(0, 100);
      throw new Error('the network is down');
    };
    const { content: stream } = await decode('import image', source());
    await expect(buffer(stream)).rejects.toThrow(/^the network is down$/);
  });

  const zstd = zstdCompressSync(content);

  test('unpacks zstd where this Node can, and says so where it cannot', async () => {
    const fake = (): PassThrough => new PassThrough();
    const decoded = await decode('import image', pieces(zstd), fake);
    expect(decoded.compression).toBe('zstd');
    expect(await buffer(decoded.content)).toEqual(zstd);
    expect(await unpack(zstd)).toEqual(content);
    await expect(unpack(zstd.subarray(0, -5))).rejects.toThrow('import image: the zstd data is damaged: ');
    await expect(decode('import image', pieces(zstd), null)).rejects.toMatchObject({
      code: 'ERR_NS_UNSUPPORTED',
      hint: 'unpack it first: zstd -dc FILE, or use Node 22.15 or newer',
    });
  });

  test.each([
    ['xz', 'fd377a585a0000', 'unpack it first: xz -dc FILE'],
    ['bzip2', '425a6839314159', 'unpack it first: bzip2 -dc FILE'],
    ['lz4', '04224d18000000', 'unpack it first: lz4 -dc FILE'],
    ['zip', '504b0304000000', 'unpack it and create a tar archive of what was in it'],
  ])('refuses %s, and gives the source up', async (name, hex, hint) => {
    let isGivenUp = false;
    const source = async function* (): AsyncGenerator<Buffer> {
      try {
        yield Buffer.from(hex, 'hex');
        yield Buffer.from(hex, 'hex');
      } finally {
        isGivenUp = true;
      }
    };
    await expect(decode('import image', source())).rejects.toMatchObject({
      message: `import image: the archive is not read: it is packed with ${name}`,
      hint,
    });
    expect(isGivenUp).toBe(true);
  });
});
