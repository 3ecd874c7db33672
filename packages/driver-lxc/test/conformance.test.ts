// needs: linux, root, busybox, lxc
import { lxcDriver } from '@ns/driver-lxc';
import { conformance } from '@ns/execdriver/conformance';
import { BusyboxRoot, TIME_LIMIT_MS, vitestRunner } from '@ns/testing/drivers';
import { SOURCE_LOADER } from '@ns/testing/source-loader';
import { afterAll, describe } from 'vitest';

/** Of what LXC has a part in. All of it takes minutes on a busy machine: `NS_CASES= vitest run …`. */
const SELECTED = [
  'life cycle gives',
  'life cycle is gone',
  'the default mounts are',
  'the default mounts show',
  'the default mounts can be left out',
  'a mount shows a directory',
  'a mount can be read-only',
  'a mount keeps its mode',
  'an overlay root shows',
  'has the program as process 1',
  'has no interface',
  'has a domain name',
  'has users of its own',
  'has clocks of its own',
  'the pid namespace of another container',
  'the cgroup namespace of another container',
  'can have the host’s net namespace',
  'resources are in the cgroup',
  'resources run out',
  'resources limit processes',
  'resources include',
  'resources stand still',
  'start of a command that is in no directory',
  'user app is',
  'are set in the container and not on the host',
  'settings of the driver',
  'a terminal controls',
  'a terminal belongs',
  'exec is in all namespaces',
  'init is process 1',
  'goes on, and is adopted',
  'that ended meanwhile is adopted',
  'the signal that ends it then',
  'keeps its terminal',
];

const { NS_CASES } = process.env;

describe('the lxc driver', () => {
  const root = new BusyboxRoot();
  afterAll(() => root[Symbol.dispose]());

  for (const only of NS_CASES === undefined ? SELECTED : [NS_CASES]) {
    conformance({
      factory: lxcDriver,
      module: {
        url: new URL('../src/index.ts', import.meta.url).href,
        name: 'lxcDriver',
        nodeOptions: SOURCE_LOADER,
      },
      rootfs: root.path,
      timeLimitMs: TIME_LIMIT_MS,
      runner: vitestRunner,
      only,
    });
  }
});
