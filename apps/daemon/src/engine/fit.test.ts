import { type Abilities, type DriverInfo, nativeModule } from '@ns/execdriver';
import { describe, expect, it } from 'vitest';

import { fitToDriver } from './fit.js';

const driver = (change: Partial<Abilities>): DriverInfo => ({
  ...nativeModule.info,
  name: 'some',
  abilities: { ...nativeModule.info.abilities, ...change },
});
const fewer = driver({ namespaces: ['mnt', 'net'], network: false });
const none = driver({ namespaces: [], network: false });

describe('fitToDriver', () => {
  it('leaves a request alone that the driver can serve', () => {
    const host = { NetworkMode: 'blue', PidMode: 'container:x' };
    expect(fitToDriver(host, nativeModule.info)).toEqual({ host, warnings: [] });
    expect(fitToDriver({}, nativeModule.info)).toEqual({ host: {}, warnings: [] });
  });

  it('shares with the host what the driver cannot isolate, and says so', () => {
    const shared = {
      PidMode: 'host',
      IpcMode: 'host',
      UTSMode: 'host',
      CgroupnsMode: 'host',
    } as const;
    expect(fitToDriver({ NetworkMode: 'default' }, fewer)).toEqual({
      host: { ...shared, NetworkMode: 'none' },
      warnings: [
        "Driver some: the container is in the host's pid, ipc, uts, cgroup namespaces",
        'Driver some: the container has no network',
      ],
    });
    expect(fitToDriver({}, none)).toEqual({
      host: { ...shared, NetworkMode: 'host' },
      warnings: ["Driver some: the container is in the host's mnt, pid, ipc, uts, cgroup, net namespaces"],
    });
    expect(fitToDriver({ ...shared, NetworkMode: 'none' }, fewer).warnings).toEqual([]);
  });

  it('does not call a kernel of its own less isolation', () => {
    const own = driver({ namespaces: ['net', 'pid', 'ipc', 'uts'], ownKernel: true });
    expect(fitToDriver({}, own).warnings).toEqual([]);
  });

  it.each<[object, string]>([
    [{ PidMode: 'container:x' }, 'driver some has no pid namespaces'],
    [{ IpcMode: 'private' }, 'driver some has no ipc namespaces'],
    [{ NetworkMode: 'blue' }, 'driver some has no networks'],
  ])('refuses %j', (host, message) => {
    expect(() => fitToDriver(host, fewer)).toThrow(message);
  });

  it('refuses a network namespace of a driver without', () => {
    expect(() => fitToDriver({ NetworkMode: 'none' }, none)).toThrow('driver some has no net namespaces');
  });
});
