import { describe, expect, test } from 'vitest';

import { resolveUser } from './user.js';

const files = {
  passwd: [
    'root:x:0:0:root:/root:/bin/bash',
    'daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin',
    '# a comment',
    'broken:x:abc:1::/:',
    'app:x:1000:1001:App:/home/app:/bin/sh',
    '33:x:4033:4033::/numeric-name:/bin/sh',
    '',
  ].join('\n'),
  group: 'root:x:0:\nadm:x:4:app,daemon\nvideo:x:44:app\napp:x:1001:\n',
};

describe('a user is', () => {
  test.each([
    [undefined, { uid: 0, gid: 0, groups: [], home: '/root' }],
    ['', { uid: 0, gid: 0, groups: [], home: '/root' }],
    ['app', { uid: 1000, gid: 1001, groups: [4, 44], home: '/home/app' }],
    ['1000', { uid: 1000, gid: 1001, groups: [4, 44], home: '/home/app' }],
    ['app:video', { uid: 1000, gid: 44, groups: [], home: '/home/app' }],
    ['app:77', { uid: 1000, gid: 77, groups: [], home: '/home/app' }],
    ['5000', { uid: 5000, gid: 0, groups: [], home: '/' }],
    ['5000:5001', { uid: 5000, gid: 5001, groups: [], home: '/' }],
    [':44', { uid: 0, gid: 44, groups: [], home: '/root' }],
    ['33', { uid: 4033, gid: 4033, groups: [], home: '/numeric-name' }],
  ])('%s', (user, expected) => {
    expect(resolveUser(files, user)).toEqual(expected);
  });
});

test('additional groups are by name or number, once each', () => {
  expect(resolveUser(files, 'app', ['video', '99', '4']).groups).toEqual([4, 44, 99]);
});

test('without files numbers work and root is 0:0', () => {
  expect(resolveUser({ passwd: '', group: '' })).toEqual({ uid: 0, gid: 0, groups: [], home: '/' });
  expect(resolveUser({ passwd: '', group: '' }, '7:8')).toMatchObject({ uid: 7, gid: 8 });
});

test.each([
  ['nobody', 'unable to find user nobody'],
  ['broken', 'unable to find user broken'],
  ['app:nogroup', 'unable to find group nogroup'],
  ['4294967296', 'user id 4294967296 is out of range'],
  ['0:99999999999', 'group id 99999999999 is out of range'],
])('%s is refused', (user, message) => {
  expect(() => resolveUser(files, user)).toThrow(message);
});
