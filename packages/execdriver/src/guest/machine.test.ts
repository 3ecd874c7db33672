import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { Place } from '../kit/command.js';
import { machineExit, machineSaid, machineStarted } from './machine.js';
import { EVENT } from './records.js';

let place: Place;
beforeEach(() => {
  const directory = mkdtempSync(join(tmpdir(), 'ns-machine-'));
  place = { id: 'a', directory, root: join(directory, 'root') };
});
afterEach(() => rmSync(place.directory, { recursive: true }));

function tell(kind: number, value = 0): void {
  const record = Buffer.alloc(8);
  record.writeUInt32LE(kind, 0);
  record.writeUInt32LE(value, 4);
  appendFileSync(join(place.directory, 'events'), record);
}

const forever = new Promise<undefined>(() => undefined);

describe('how a container in a virtual machine ended', () => {
  test('is what the guest says', () => {
    tell(EVENT.process, 4711);
    tell(EVENT.running);
    tell(EVENT.ended, 7 << 8);
    expect(machineExit(place, 0)).toMatchObject({ code: 7, oomKilled: false });
    expect(machineExit(place, 0).signal).toBeUndefined();
  });

  test('is a signal that the guest says', () => {
    tell(EVENT.ended, 15);
    expect(machineExit(place, 0)).toMatchObject({ code: 143, signal: 15 });
  });

  test('is that of the machine when the guest has said nothing', () => {
    expect(machineExit(place, 137 << 8)).toMatchObject({ code: 137, signal: 9 });
    expect(machineExit(place, 1 << 8)).toMatchObject({ code: 255 });
    expect(machineExit(place, 0)).toMatchObject({ code: 255 });
  });

  test('is an exit status whatever else a hostile guest has written', () => {
    writeFileSync(join(place.directory, 'events'), Buffer.alloc(4096 + 3, 0xff));
    expect(machineExit(place, 0)).toMatchObject({ code: 255 });
    tell(EVENT.ended, 0xffff_ffff);
    const { code } = machineExit(place, 0);
    expect(code).toBeGreaterThanOrEqual(0);
    expect(code).toBeLessThanOrEqual(255);
  });
});

describe('a start', () => {
  test('has succeeded when the guest says so, with the pid of the machine', async () => {
    tell(EVENT.process, 4711);
    tell(EVENT.running);
    const command = { pid: 1, ended: forever, over: forever, first: Promise.resolve(1) };
    await expect(machineStarted(place, command)).resolves.toEqual({ pid: 4711 });
  });

  test('has failed when the machine ends before', async () => {
    tell(EVENT.process, 4711);
    const over = Promise.resolve(0);
    const command = { pid: 1, ended: over, over, first: Promise.resolve(1) };
    await expect(machineStarted(place, command)).rejects.toMatchObject({ code: 'ERR_NS_TOOL_FAILED' });
  });

  test('that failed has the log of the machine, or what its kernel said', () => {
    writeFileSync(join(place.directory, 'console'), 'Kernel panic\n');
    expect(machineSaid(place)).toBe('Kernel panic');
    writeFileSync(join(place.directory, 'log'), 'no memory\n');
    expect(machineSaid(place)).toBe('no memory');
  });
});
