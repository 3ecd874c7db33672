import { addressOf, BPF_ATTACH, BPF_CMD, O, openat2, syscall } from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import {
  ALL_DEVICES,
  assembleDeviceProgram,
  DOCKER_DEFAULT_DEVICES,
  deviceState,
  loadDeviceProgram,
  type Cgroup,
} from '../src/index.js';
import { control, outcome, runIn, version, withGroup } from './children.js';

/** What a shell in the group reads of some devices. */
async function read(group: Cgroup, ...paths: string[]): Promise<string> {
  const script = paths.map((path) => `if (exec <${path}) 2>/dev/null; then echo ${path}; fi`).join('; ');
  return (await outcome(await runIn(group, script))).text;
}

/** How many programs are attached to the group itself. */
function programs(group: Cgroup): number {
  using directory = openat2(group.directory('unified') ?? '', { flags: O.O_RDONLY });
  const ids = Buffer.alloc(256);
  const attr = Buffer.alloc(128);
  attr.writeUInt32LE(directory.fd, 0);
  attr.writeUInt32LE(BPF_ATTACH.BPF_CGROUP_DEVICE, 4);
  attr.writeBigUInt64LE(addressOf(ids), 16);
  attr.writeUInt32LE(64, 24);
  syscall('list programs', 'bpf', BPF_CMD.BPF_PROG_QUERY, attr, attr.length);
  return attr.readUInt32LE(24);
}

describe('devices', () => {
  test('are those that Docker allows', async () => {
    await withGroup({ devices: DOCKER_DEFAULT_DEVICES }, async (group) => {
      expect(await read(group, '/dev/null', '/dev/zero', '/dev/urandom', '/dev/kmsg')).toBe(
        '/dev/null\n/dev/zero\n/dev/urandom\n',
      );
    });
  });

  test('change while processes run, also back', async () => {
    await withGroup({ devices: DOCKER_DEFAULT_DEVICES }, async (group) => {
      group.update({ devices: ALL_DEVICES });
      expect(await read(group, '/dev/kmsg')).toBe('/dev/kmsg\n');
      group.update({ devices: [...DOCKER_DEFAULT_DEVICES, { allow: true, type: 'c', major: 1, minor: 11 }] });
      expect(await read(group, '/dev/kmsg')).toBe('/dev/kmsg\n');
      group.update({ devices: DOCKER_DEFAULT_DEVICES });
      expect(await read(group, '/dev/null', '/dev/kmsg')).toBe('/dev/null\n');
    });
  });

  test('that stay allowed are never denied while others change', async () => {
    await withGroup({ devices: DOCKER_DEFAULT_DEVICES }, async (group) => {
      const loop = 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); : </dev/null || exit 9; done; echo all';
      const running = outcome(await runIn(group, loop));
      for (let minor = 0; group.processes().length > 0; minor = (minor + 1) % 8) {
        group.update({ devices: [...DOCKER_DEFAULT_DEVICES, { allow: true, type: 'b', major: 7, minor }] });
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      expect(await running).toMatchObject({ text: 'all\n', code: 0 });
    });
  });

  test('are one program on version 2, and the kernel’s list on version 1', async () => {
    await withGroup({ devices: DOCKER_DEFAULT_DEVICES }, (group) => {
      group.update({
        devices: [
          { allow: false, type: 'a' },
          { allow: true, type: 'c', major: 1, minor: 3 },
        ],
      });
      const found = version === 1 ? control(group, 'devices', 'devices.list') : programs(group);
      expect(found).toBe(version === 1 ? 'c 1:3 rwm' : 1);
    });
  });
});

test('the kernel’s verifier accepts the programs', () => {
  const rules = Array.from(
    { length: 200 },
    (_, minor) => ({ allow: true, type: 'b', major: 8, minor }) as const,
  );
  for (const list of [DOCKER_DEFAULT_DEVICES, ALL_DEVICES, [], rules]) {
    using program = loadDeviceProgram(assembleDeviceProgram(deviceState(list)));
    expect(program.isOpen).toBe(true);
  }
});
