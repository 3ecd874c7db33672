import { describe, expect, it } from 'vitest';

import { parseRemap, rootOf } from './user-remap.js';

const files = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\nbox:x:990:980::/:/bin/false\nbare:x:991:981::/:/bin/false\n',
  group: 'root:x:0:\nboxes:x:980:\n',
  subuid: 'dockremap:100000:65536\n990:300000:1000\nbox:400000:10\nzero:0:1\n',
  subgid: 'dockremap:200000:65536\nbox:500000:10\nboxes:600000:20\n',
};

describe('parseRemap', () => {
  it('reads default, names and numbers', () => {
    expect(parseRemap('default', files)).toEqual({
      uids: [{ inside: 0, outside: 100_000, length: 65_536 }],
      gids: [{ inside: 0, outside: 200_000, length: 65_536 }],
    });
    const box = {
      uids: [
        { inside: 0, outside: 300_000, length: 1000 },
        { inside: 1000, outside: 400_000, length: 10 },
      ],
      gids: [{ inside: 0, outside: 500_000, length: 10 }],
    };
    expect(parseRemap('box', files)).toEqual(box);
    expect(parseRemap('990', files)).toEqual(box);
    const gids = [{ inside: 0, outside: 600_000, length: 20 }];
    expect(parseRemap('box:boxes', files)).toEqual({ ...box, gids });
    expect(parseRemap('990:980', files)).toEqual({ ...box, gids });
    expect(rootOf(box)).toEqual({ uid: 300_000, gid: 500_000 });
  });

  it.each([
    ['', 'is none of'],
    ['box:', 'is none of'],
    ['box:boxes:x', 'is none of'],
    ['nobody-here', 'there is no user nobody-here'],
    ['box:nogroup-here', 'there is no group nogroup-here'],
    ['bare', '/etc/subuid gives bare no ids'],
  ])('refuses %j', (text, message) => {
    expect(() => parseRemap(text, files)).toThrow(message);
  });

  it('refuses the host’s own root', () => {
    const passwd = 'zero:x:5:5::/:/bin/false\n';
    expect(() => parseRemap('zero', { ...files, passwd, subgid: 'zero:1:1\n' })).toThrow('own id 0');
  });
});
