import { describe, expect, test } from 'vitest';

import { fileServer, virtiofsdArguments } from './file-server.js';

const HERE = '/bin/sh';
const NOT_HERE = '/none/virtiofsd';

describe('what serves the files', () => {
  test('is a server beside emulators that bring one, unless the setting says otherwise', () => {
    expect(fileServer('auto', HERE)).toEqual({ file: HERE, args: virtiofsdArguments() });
    expect(fileServer('virtiofs', HERE)?.file).toBe(HERE);
    expect(fileServer('9p', HERE)).toBeUndefined();
  });

  test('is the emulator itself where there is none', () => {
    expect(fileServer('auto', NOT_HERE)).toBeUndefined();
    expect(() => fileServer('virtiofs', NOT_HERE)).toThrow(
      expect.objectContaining({ code: 'ERR_NS_UNSUPPORTED' }),
    );
  });

  test('serves one directory, which becomes its root, on the socket that it is given', () => {
    const args = virtiofsdArguments();
    expect(args).toContain('--fd=17');
    expect(args).toContain('source=/export');
    expect(args).toContain('sandbox=chroot');
    // What others change is seen at once.
    expect(args).toContain('timeout=0');
  });
});
