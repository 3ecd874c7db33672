import { needs } from '@ns/testing';
import {
  call,
  compile,
  cstr,
  loadImage,
  pipe,
  readAll,
  spawn,
  strings,
  waitPid,
  type Step,
} from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import {
  allowList,
  capabilitiesOf,
  capabilityMask,
  highestCapability,
  limitBounding,
  parseStatus,
  setCapabilities,
  type CapabilitySets,
} from '../src/index.js';

/** The sets of a program that was executed after some steps. */
async function after(...steps: Step[]): Promise<CapabilitySets> {
  const cat = call('execve', [cstr('/bin/cat'), strings(['cat', '/proc/self/status']), strings([])], {
    what: 'run cat',
  });
  using program = loadImage(
    compile({ title: 'test', statusFd: 3, failureStatus: 111, steps: [...steps, cat] }),
  );
  using out = pipe();
  const pid = spawn(program.path, { argv: ['test'], fds: { 1: out.write.fd, 2: 2 } });
  out.write.close();
  const status = readAll(out.read.fd, 65_536).toString();
  while (waitPid(pid) === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
  return parseStatus(status);
}

describe('a process that was limited', needs('root', 'linux'), () => {
  const highest = highestCapability();

  test('has what it was left, after execve as root too, and nothing to inherit', async () => {
    const mask = capabilityMask(allowList({}));
    expect(await after(...limitBounding(mask, highest), ...setCapabilities(mask))).toEqual({
      inheritable: 0n,
      permitted: mask,
      effective: mask,
      bounding: mask,
      ambient: 0n,
    });
  });

  test('with nothing allowed has nothing', async () => {
    const nothing = { inheritable: 0n, permitted: 0n, effective: 0n, bounding: 0n, ambient: 0n };
    expect(await after(...limitBounding(0n, highest), ...setCapabilities(0n))).toEqual(nothing);
  });

  test('as another user has no capability, and keeps the bounding set', async () => {
    const mask = capabilityMask(['CHOWN']);
    const sets = await after(
      ...limitBounding(mask, highest),
      call('setresuid', [65_534, 65_534, 65_534], { what: 'become nobody' }),
      ...setCapabilities(0n),
    );
    expect(sets).toMatchObject({ permitted: 0n, effective: 0n, bounding: mask });
  });
});

test('the sets of this process are read', needs('linux'), () => {
  const sets = capabilitiesOf();
  expect(sets.effective & ~sets.permitted).toBe(0n);
  expect(highestCapability()).toBeGreaterThanOrEqual(39);
});
