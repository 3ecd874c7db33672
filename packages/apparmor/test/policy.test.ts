import { needs } from '@ns/testing';
import { afterEach, describe, expect, test } from 'vitest';

import {
  compileProfile,
  confinementOf,
  defaultProfile,
  detect,
  isLoaded,
  listProfiles,
  loadCompiled,
  loadProfile,
  processesUnder,
  selectProfile,
  unloadProfile,
  type AppArmorSupport,
} from '../src/index.js';
import { NO_APPARMOR, PARSER } from './requirements.js';
import { stay } from './run.js';

const NAME = `ns-test-${process.pid}`;

function available(): AppArmorSupport & { isAvailable: true } {
  const support = detect();
  if (!support.isAvailable) throw new Error(support.reason);
  return support;
}

describe('policy', needs('root', 'linux', 'apparmor', PARSER), () => {
  afterEach(() => {
    for (const { name } of listProfiles()) {
      if (name.startsWith(NAME) && !name.includes('//')) unloadProfile(name);
    }
  });
  const text = (name = NAME): string => defaultProfile({ name, features: available().features });

  test('the kernel is described', () => {
    const support = available();
    expect(support.mode).toBe('enforce');
    expect(support.features.get('file/mask')).toContain('read');
    expect(support.parser).toMatch(/apparmor_parser$/);
    expect(support.own).toEqual({ profile: 'unconfined', mode: undefined });
    expect(confinementOf()).toEqual(support.own);
  });

  test('a profile is loaded, listed, replaced and unloaded', async () => {
    expect(isLoaded(NAME)).toBe(false);
    await loadProfile(text());
    expect(listProfiles()).toContainEqual({ name: NAME, mode: 'enforce' });
    const complaining = text().replace('flags=(', 'flags=(complain,');
    await loadProfile(complaining);
    expect(listProfiles().filter(({ name }) => name === NAME)).toEqual([{ name: NAME, mode: 'complain' }]);
    unloadProfile(NAME);
    expect(isLoaded(NAME)).toBe(false);
    expect(() => unloadProfile(NAME)).toThrow(`apparmor: there is no profile ${NAME}`);
  });

  test('what was compiled before is loaded without a parser, all of it or nothing', async () => {
    const policy = await compileProfile(`${text()}\n${text(`${NAME}-b`).replace('abi <kernel>,', '')}`);
    expect(isLoaded(NAME)).toBe(false);
    loadCompiled(policy);
    expect(isLoaded(NAME) && isLoaded(`${NAME}-b`)).toBe(true);
    unloadProfile(NAME);
    unloadProfile(`${NAME}-b`);
    expect(() => loadCompiled(policy.subarray(0, policy.length - 40))).toThrow('load an AppArmor policy: E');
    expect(isLoaded(NAME) || isLoaded(`${NAME}-b`)).toBe(false);
    expect(() => loadCompiled(Buffer.from('no policy'))).toThrow('load an AppArmor policy: EPROTONOSUPPORT');
  });

  test('text that is wrong is refused with the words of the parser', async () => {
    await expect(loadProfile(`profile ${NAME} { bad rule, }`)).rejects.toThrow(
      /^apparmor: the profile is not understood: .*line 1.*syntax error/,
    );
    expect(isLoaded(NAME)).toBe(false);
  });

  test('a profile in use is not unloaded, since that would free its processes', async () => {
    await loadProfile(text());
    await using process = await stay(NAME);
    expect(processesUnder(NAME)).toEqual([process.pid]);
    expect(() => unloadProfile(NAME)).toThrow(
      `apparmor: profile ${NAME} confines process ${process.pid}, which would run on unconfined`,
    );
    expect(confinementOf(process.pid)).toEqual({ profile: NAME, mode: 'enforce' });
    unloadProfile(NAME, { evenInUse: true });
    expect(confinementOf(process.pid)?.profile).not.toBe(NAME);
  });

  test('a process follows when its profile is replaced', async () => {
    await loadProfile(text());
    await using process = await stay(NAME);
    await loadProfile(text().replace('flags=(', 'flags=(complain,'));
    expect(confinementOf(process.pid)).toEqual({ profile: NAME, mode: 'complain' });
  });

  test('the default one is chosen, and loaded once', async () => {
    const options = { defaultName: NAME };
    expect(await selectProfile(undefined, options)).toEqual({ profile: NAME });
    expect(isLoaded(NAME)).toBe(true);
    // Without a parser now: there is nothing to be loaded.
    expect(await selectProfile(NAME, { ...options, parser: '/nonexistent' })).toEqual({ profile: NAME });
    expect(await selectProfile('unconfined', options)).toEqual({ profile: undefined });
    await loadProfile(text(`${NAME}-b`));
    expect(await selectProfile(`${NAME}-b`, options)).toEqual({ profile: `${NAME}-b` });
    await expect(selectProfile(`${NAME}-c`, options)).rejects.toThrow(
      `apparmor: profile ${NAME}-c is not loaded`,
    );
  });

  test('without a parser the default one cannot be made', async () => {
    const options = { defaultName: NAME, parser: '/nonexistent/apparmor_parser' };
    await expect(selectProfile(undefined, options)).rejects.toMatchObject({
      code: 'ERR_NS_UNSUPPORTED',
      hint: expect.stringContaining('apt-get install apparmor'),
    });
  });

  test('of a process that is not there', () => {
    expect(() => confinementOf(2 ** 30)).toThrow('apparmor: there is no process 1073741824');
  });
});

describe('without AppArmor', needs('linux', NO_APPARMOR), () => {
  test('it is said why, and containers run without a profile', async () => {
    const support = detect();
    expect(support).toMatchObject({ isAvailable: false, reason: expect.stringMatching(/AppArmor/) });
    expect(confinementOf()).toBeUndefined();
    expect(await selectProfile(undefined)).toEqual({
      profile: undefined,
      reason: !support.isAvailable && support.reason,
    });
    expect(await selectProfile('unconfined')).toEqual({ profile: undefined });
  });

  test('a profile that somebody asks for is refused', async () => {
    await expect(selectProfile('docker-default')).rejects.toThrow(
      'apparmor: profile docker-default cannot be used: ',
    );
    expect(() => listProfiles()).toThrow('AppArmor');
    expect(() => loadCompiled(Buffer.from('x'))).toThrow('AppArmor');
    expect(() => unloadProfile('x')).toThrow('AppArmor');
    await expect(loadProfile('profile x {}')).rejects.toThrow('AppArmor');
  });
});
