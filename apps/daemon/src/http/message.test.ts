import { NsError } from '@ns/errors';
import { describe, expect, it } from 'vitest';

import { DOCKER } from '../engine/errors.js';
import { errorBody, statusOf } from './errors.js';
import { Query, readJson } from './message.js';
import { createRouter } from './router.js';
import { checkVersion, splitVersion } from './version.js';

describe('Query', () => {
  it.each([
    ['x=1', true],
    ['x=true', true],
    ['x=True', true],
    ['x=0', false],
    ['x=', false],
    ['y=1', false],
  ])('flag in %s: %s', (text, expected) => {
    expect(new Query(text).flag('x')).toBe(expected);
  });

  it('reads whole numbers', () => {
    expect(new Query('t=-1').integer('t')).toBe(-1);
    expect(new Query('').integer('t')).toBeUndefined();
  });

  it.each([
    ['x=2', 'flag'],
    ['x=1.5', 'integer'],
    ['x=99999999999999999999', 'integer'],
    ['x=0x10', 'integer'],
  ] as const)('refuses %s as %s', (text, kind) => {
    expect(() => new Query(text)[kind]('x')).toThrow('request: parameter x:');
  });
});

describe('readJson', () => {
  const body = async function* (...parts: string[]): AsyncGenerator<Buffer> {
    for (const part of parts) yield Buffer.from(part);
  };

  it('takes an empty body for an empty object', async () => {
    expect(await readJson(body())).toEqual({});
    expect(await readJson(body('{"a"', ':1}'))).toEqual({ a: 1 });
  });

  it('refuses what is no JSON', async () => {
    await expect(readJson(body('{'))).rejects.toMatchObject({
      code: 'ERR_NS_INVALID_ARGUMENT',
      message: 'request: the body is not JSON',
    });
  });
});

describe('versions', () => {
  it('are taken off the path', () => {
    expect(splitVersion('/v1.41/containers/json')).toEqual({ version: '1.41', path: '/containers/json' });
    expect(splitVersion('/containers/json').path).toBe('/containers/json');
    expect(splitVersion('/v1.41').path).toBe('/v1.41');
    expect(splitVersion('/vendor/x').path).toBe('/vendor/x');
  });

  it('are compared as numbers', () => {
    checkVersion('1.24');
    checkVersion('1.47');
    expect(() => checkVersion('1.9')).toThrow('too old');
    expect(() => checkVersion('1.100')).toThrow('too new');
    expect(() => checkVersion('2.0')).toThrow('too new');
  });
});

describe('errors', () => {
  it.each([
    ['ERR_NS_INVALID_ARGUMENT', 400],
    ['ERR_NS_NOT_FOUND', 404],
    ['ERR_NS_CONFLICT', 409],
    ['ERR_NS_NOT_RUNNING', 409],
    ['ERR_NS_COMMAND_NOT_FOUND', 400],
    ['ERR_NS_UNSUPPORTED', 501],
    ['ERR_NS_STEP_FAILED', 500],
  ] as const)('%s answers %d', (code, status) => {
    expect(statusOf(new NsError(code, { operation: 'x', message: 'y' }))).toBe(status);
  });

  it('keep the operation, unless the words are Docker’s', () => {
    const say = (operation: string): object =>
      errorBody(new NsError('ERR_NS_NOT_FOUND', { operation, message: 'no x', hint: 'make one.' }), false);
    expect(say('images')).toEqual({ message: 'images: no x', nsCode: 'ERR_NS_NOT_FOUND', hint: 'make one.' });
    expect(say(DOCKER)).toMatchObject({ message: 'no x' });
  });

  it('of others are ours', () => {
    expect(statusOf(new TypeError('bug'))).toBe(500);
    expect(errorBody(new TypeError('bug'), true)).toEqual({ message: 'bug' });
  });
});

describe('createRouter', () => {
  const handler = (): never => {
    throw new Error('not called');
  };
  const router = createRouter([
    ['GET', '/images/json', handler],
    ['GET', '/images/*', handler],
    ['GET', '/containers/:id/json', handler],
  ]);

  it('finds names with slashes, and names that are encoded', () => {
    expect(router.find('GET', '/images/reg.example/a/b:1/json')?.params['*']).toBe('reg.example/a/b:1/json');
    expect(router.find('GET', '/images/json')?.params['*']).toBeUndefined();
    expect(router.find('GET', '/containers/a%20b/json')?.params['id']).toBe('a b');
    expect(router.find('POST', '/images/json')).toBeUndefined();
    expect(router.find('GET', '/images/%ZZ')).toBeUndefined();
  });
});
