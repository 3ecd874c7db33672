import { needs } from '@ns/testing';
import { CAP, SECBIT, type Step } from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import {
  allowList,
  availableCapabilities,
  capabilitiesOf,
  capabilityMask,
  capabilityNames,
  formatCapabilityText,
  highestCapability,
  keepCapabilities,
  kernelCapabilities,
  limitBounding,
  limitProcess,
  NO_ROOT_PRIVILEGE,
  parseStatus,
  raiseAmbient,
  securebits as ownSecurebits,
  securebitsMask,
  securebitsNames,
  setCapabilities,
  threadCapabilities,
  type CapabilitySets,
} from '../src/index.js';
import { becomeNobody, output, statusNow } from './run.js';

const after = async (...steps: Step[]): Promise<CapabilitySets> =>
  parseStatus(await output(['/bin/cat', '/proc/self/status'], ...steps));

/** What capsh says of itself, line by line: `Current: =ep`, `Bounding set =cap_chown`, `uid=0(root) euid=0(root)`… */
const capsh = async (...steps: Step[]): Promise<string[]> =>
  (await output(['/usr/sbin/capsh', '--print'], ...steps)).split('\n').map((line) => line.trim());

describe('a process that was limited', needs('root', 'linux'), () => {
  const highest = highestCapability();

  test('has what it was left, after execve as root too, and nothing to inherit (CVE-2022-24769)', async () => {
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
    const sets = await after(...limitBounding(mask, highest), becomeNobody(), ...setCapabilities(0n));
    expect(sets).toMatchObject({ permitted: 0n, effective: 0n, bounding: mask });
  });
});

describe('capsh agrees about a process that was limited', needs('root', 'linux', 'libcap'), () => {
  const highest = highestCapability();
  const low = capabilityMask(['NET_BIND_SERVICE']);
  const some = capabilityMask(['CHOWN', 'KILL', 'NET_BIND_SERVICE']);

  test("with Docker's default", async () => {
    const mask = capabilityMask(allowList({}));
    const said = await capsh(...limitProcess({ permitted: mask }, highest));
    const state = { permitted: mask, effective: mask, inheritable: 0n };
    const names = capabilityNames(mask).map((name) => `cap_${name.toLowerCase()}`);
    expect(said).toContain(`Current: ${formatCapabilityText(state, { highest })}`);
    expect(said).toContain(`Bounding set =${names.join(',')}`);
    expect(said).toContain('Ambient set =');
    expect(said).toContain("Securebits: 00/0x0/1'b0 (no-new-privs=0)");
  });

  test('as another user with an ambient capability, which a program then has', async () => {
    const said = await capsh(
      ...limitBounding(some, highest),
      keepCapabilities(),
      becomeNobody(),
      ...setCapabilities({ permitted: low, inheritable: low }),
      ...raiseAmbient(low),
    );
    expect(said).toContain('Current: cap_net_bind_service=eip');
    expect(said).toContain('Ambient set =cap_net_bind_service');
    expect(said).toContain('uid=65534(nobody) euid=65534(nobody)');
  });

  test('as root without the privileges of root', async () => {
    const limits = { permitted: low, inheritable: low, ambient: low, bounding: some };
    const securebits = securebitsMask(NO_ROOT_PRIVILEGE);
    const said = await capsh(...limitProcess({ ...limits, securebits }, highest));
    expect(said).toContain('Current: cap_net_bind_service=eip');
    expect(said).toContain('secure-noroot: yes (locked)');
    expect(said).toContain('secure-no-suid-fixup: yes (locked)');
    expect(said).toContain('secure-keep-caps: no (locked)');
    expect(said).toContain('secure-no-ambient-raise: yes (locked)');
    // Root that is still root gets the whole bounding set by execve.
    const plain = await capsh(...limitProcess(limits, highest));
    expect(plain).toContain('Current: cap_net_bind_service=eip cap_chown,cap_kill+ep');
    expect(plain).toContain('secure-noroot: no (unlocked)');
  });
});

test('what is permitted need not be effective', needs('root', 'linux'), async () => {
  const mask = capabilityMask(['CHOWN', 'KILL']);
  const chown = capabilityMask(['CHOWN']);
  const limits = { permitted: mask, effective: chown, inheritable: chown, ambient: chown, bounding: chown };
  const status = await statusNow(...limitProcess(limits, highestCapability()));
  expect(parseStatus(status)).toEqual({
    permitted: mask,
    effective: chown,
    inheritable: chown,
    ambient: chown,
    bounding: chown,
  });
});

describe('the sets of running processes', needs('linux'), () => {
  test('are those of getpcaps', needs('libcap'), async () => {
    const [said = ''] = (await output(['/usr/sbin/getpcaps', String(process.pid)])).split('\n');
    const text = formatCapabilityText(capabilitiesOf(), { highest: highestCapability() });
    expect(said).toBe(`${process.pid}: ${text}`);
  });

  test('are told for each thread', () => {
    const threads = threadCapabilities();
    expect(threads.get(process.pid)).toEqual(capabilitiesOf());
    // Node has several.
    expect(threads.size).toBeGreaterThan(1);
    expect(threadCapabilities(process.pid)).toEqual(threads);
  });

  test('of a process that is not there', () => {
    expect(() => capabilitiesOf(2 ** 30)).toThrow('capabilities: there is no process 1073741824');
    expect(() => threadCapabilities(2 ** 30)).toThrow('capabilities: there is no process 1073741824');
  });

  test('hold what this process can give', () => {
    const { permitted, bounding, effective } = capabilitiesOf();
    expect(effective & ~permitted).toBe(0n);
    expect(availableCapabilities()).toBe(permitted & bounding);
  });

  test('secure bits of this thread are off', () => {
    expect(securebitsNames(ownSecurebits())).toEqual([]);
    expect(SECBIT.SECBIT_NOROOT).toBe(securebitsMask(['noroot']));
  });
});

test('the kernel has every capability that has a name, or says that it is older', needs('linux'), () => {
  const known = kernelCapabilities();
  expect(known).toHaveLength(highestCapability() + 1);
  expect(known[CAP.CAP_SYS_ADMIN]).toEqual({ number: 21, name: 'SYS_ADMIN' });
  expect(highestCapability()).toBeGreaterThanOrEqual(39);
});
