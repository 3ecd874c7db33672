// needs: linux, root, busybox, lxc
import { lxcDriver } from '@ns/driver-lxc';
import { conformance } from '@ns/execdriver/conformance';
import { BusyboxRoot, TIME_LIMIT_MS, vitestRunner } from '@ns/testing/drivers';
import { SOURCE_LOADER } from '@ns/testing/source-loader';
import { afterAll, describe } from 'vitest';

/** Of what LXC has a part in. All of it takes minutes on a busy machine: `NS_CASES= vitest run …`. */
const SELECTED = [
  'life cycle g',
  'life cycle is gone',
  'the default mounts ',
  'a mount shows a directory',
  'a mount can be read-only',
  'a mount can give files',
  'a mount keeps its mode',
  'an overlay root shows',
  'a container has',
  'namespace of another container',
  'can have the host’s pid namespace',
  'can have the host’s net namespace',
  'resources ',
  'start of a command that is in no directory',
  'start of a path below',
  'user app is',
  'are set in the container and not on the host',
  'settings of the driver',
  'a terminal controls',
  'a terminal belongs',
  'exec has streams',
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
