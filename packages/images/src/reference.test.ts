import { describe, expect, test } from 'vitest';

import { familiarName, familiarTag, fullName, parseReference, parseTag } from './reference.js';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

describe('parseReference', () => {
  test.each([
    ['busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
    ['busybox:1.36', 'docker.io/library/busybox:1.36', 'busybox:1.36'],
    ['library/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
    ['docker.io/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
    ['index.docker.io/library/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
    ['user/app:v1', 'docker.io/user/app:v1', 'user/app:v1'],
    ['library/a/b', 'docker.io/library/a/b:latest', 'library/a/b:latest'],
    ['localhost/app', 'localhost/app:latest', 'localhost/app:latest'],
    ['localhost:5000/app', 'localhost:5000/app:latest', 'localhost:5000/app:latest'],
    ['quay.io/a/b/c:x_y-z.1', 'quay.io/a/b/c:x_y-z.1', 'quay.io/a/b/c:x_y-z.1'],
    ['[fd00::1]:5000/app', '[fd00::1]:5000/app:latest', '[fd00::1]:5000/app:latest'],
    ['Upper/app', 'Upper/app:latest', 'Upper/app:latest'],
    ['a__b/c.d-e--f', 'docker.io/a__b/c.d-e--f:latest', 'a__b/c.d-e--f:latest'],
    ['sha256:abc', 'docker.io/library/sha256:abc', 'sha256:abc'],
  ])('%s is %s, and people call it %s', (text, full, familiar) => {
    const reference = parseReference(text);
    expect(fullName(reference)).toBe(full);
    expect(familiarTag(reference)).toBe(familiar);
    expect(fullName(parseReference(familiar))).toBe(full);
  });

  test('knows digests, with and without a tag', () => {
    expect(parseReference(`busybox@${DIGEST}`)).toMatchObject({ digest: DIGEST, tag: undefined });
    expect(parseReference(`localhost:5000/a:b@${DIGEST}`)).toMatchObject({
      domain: 'localhost:5000',
      repository: 'a',
      tag: 'b',
      digest: DIGEST,
    });
    expect(familiarName(parseReference(`busybox@${DIGEST}`))).toBe('busybox');
  });

  test.each([
    ['', 'it is empty'],
    ['Busybox', '"Busybox" has upper-case letters'],
    ['busybox:', 'has the invalid tag ""'],
    ['busybox:-x', 'has the invalid tag "-x"'],
    [`busybox:${'x'.repeat(129)}`, 'has the invalid tag'],
    ['a..b', 'is no name of an image'],
    ['a/', 'is no name of an image'],
    ['/a', 'is no name of an image'],
    ['a//b', 'is no name of an image'],
    ['-a', 'is no name of an image'],
    ['a b', 'is no name of an image'],
    ['a_', 'is no name of an image'],
    ['-bad.example/a', 'has the invalid registry "-bad.example"'],
    ['localhost:port/a', 'has the invalid registry "localhost:port"'],
    ['busybox@sha256:abc', 'has no valid digest'],
    ['busybox@md5:abc', 'has no valid digest'],
    ['a'.repeat(256), 'is longer than 255 characters'],
    ['ab'.repeat(32), 'is an image id and cannot be a name'],
    ['../etc/passwd', 'has the invalid registry'],
  ])('refuses %j', (text, fact) => {
    expect(() => parseReference(text)).toThrow(fact);
    expect(() => parseReference(text)).toThrow(/^image name: /);
  });
});

describe('parseTag', () => {
  test('adds the tag that is understood', () => {
    expect(parseTag('busybox').tag).toBe('latest');
    expect(parseTag('busybox:1').tag).toBe('1');
  });

  test('refuses a digest', () => {
    expect(() => parseTag(`busybox@${DIGEST}`)).toThrow('which no image can be given');
  });
});
