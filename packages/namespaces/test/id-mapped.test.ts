import { chownSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { describe, expect, test } from 'vitest';

import { mountAttached } from '../src/attached-overlay.js';
import { cloneIdMapped } from '../src/id-mapped.js';
import { mapId, prepareRoot, type RootSpec } from '../src/index.js';
import { Scratch } from './busybox-root.js';
import { runContainer } from './container.js';
import { idMappable } from './id-mappable.js';

const able = needs('linux', 'root', 'busybox', 'overlayfs', idMappable);

const MAP = [{ inside: 0, outside: 300_000, length: 65_536 }];
const idMap = { uids: MAP, gids: MAP };
const descriptors = (): number => readdirSync('/proc/self/fd').length;

test('an id as it is seen', () => {
  expect(mapId(MAP, 0)).toBe(300_000);
  expect(mapId(MAP, 1000)).toBe(301_000);
  expect(mapId(MAP, 70_000)).toBe(70_000);
});

describe('an overlay whose layers have other owners', able, () => {
  const overlay = (scratch: Scratch): RootSpec & { kind: 'overlay' } => {
    const base = scratch.root();
    const top = scratch.directory('top');
    writeFileSync(join(top, 'mine'), 'layer\n');
    chownSync(join(top, 'mine'), 1000, 1000);
    const [upper, work] = [scratch.directory('upper'), scratch.directory('work')];
    chownSync(upper, 300_000, 300_000);
    return { kind: 'overlay', lower: [top, base], upper, work, idMap };
  };

  test('is root’s and the user’s own in the container, and theirs alone on the host', () => {
    using scratch = new Scratch();
    const root = overlay(scratch);
    const { stdout } = runContainer({
      root,
      namespaces: { user: 'new' },
      uidMap: MAP,
      gidMap: MAP,
      script:
        'stat -c "%u %g" /bin/busybox /mine; echo more >> /mine; echo new > /new; mkdir -p /etc/sub; chown 5:6 /new',
    });
    expect(stdout.trim().split('\n')).toEqual(['0 0', '1000 1000']);
    const upper = (name: string): [number, number] => {
      const { uid, gid } = statSync(join(root.upper!, name));
      return [uid, gid];
    };
    expect(upper('mine')).toEqual([301_000, 301_000]);
    expect(upper('new')).toEqual([300_005, 300_006]);
    // The layers are as they were.
    expect(statSync(join(root.lower[0]!, 'mine'))).toMatchObject({ uid: 1000, size: 6 });
  });

  test('leaves no descriptor behind, but the one of the map', () => {
    using scratch = new Scratch();
    const root = overlay(scratch);
    prepareRoot(root)[Symbol.dispose]();
    const before = descriptors();
    for (let round = 0; round < 3; round++) prepareRoot(root)[Symbol.dispose]();
    prepareRoot({ kind: 'overlay', lower: [root.lower[0]!], idMap })[Symbol.dispose]();
    expect(descriptors()).toBe(before);
  });

  test('with a tmpfs for what is written', () => {
    using scratch = new Scratch();
    const { lower } = overlay(scratch);
    using root = prepareRoot({ kind: 'overlay', lower, idMap }, { tmpfsUpper: true });
    expect(statSync(`/proc/self/fd/${root.fd!.fd}`)).toMatchObject({ uid: 300_000 });
    expect(statSync(`/proc/self/fd/${root.fd!.fd}/mine`)).toMatchObject({ uid: 301_000 });
  });

  test('is the same where layers are taken by their paths only', () => {
    using scratch = new Scratch();
    const { lower, upper, work } = overlay(scratch);
    const before = [descriptors(), readFileSync('/proc/self/mountinfo', 'utf8'), readdirSync('/run').join()];
    {
      const layers = lower.map((path) => cloneIdMapped(path, idMap, false));
      using root = mountAttached({ lower: layers, upper, work });
      for (const layer of layers) layer.close();
      expect(statSync(`/proc/self/fd/${root.fd}/mine`)).toMatchObject({ uid: 301_000 });
      writeFileSync(`/proc/self/fd/${root.fd}/mine`, 'changed\n');
    }
    expect(statSync(join(upper!, 'mine'))).toMatchObject({ uid: 301_000 });
    expect([descriptors(), readFileSync('/proc/self/mountinfo', 'utf8'), readdirSync('/run').join()]).toEqual(
      before,
    );
    const tree = cloneIdMapped(lower[0]!, idMap, false);
    expect(() => mountAttached({ lower: [tree], upper, work: '/no/such' })).toThrow('ENOENT');
    tree.close();
    expect(readdirSync('/run').join()).toBe(before[2]);
  });

  test('is refused where ids cannot be mapped', () => {
    using scratch = new Scratch();
    const { lower } = overlay(scratch);
    expect(() => prepareRoot({ kind: 'overlay', lower: ['/proc'], idMap })).toThrow('cannot be mapped');
    expect(() => prepareRoot({ kind: 'overlay', lower, idMap }, { privileged: false })).toThrow(
      'rights of root',
    );
    const twice = [...MAP, ...MAP];
    expect(() => prepareRoot({ kind: 'overlay', lower, idMap: { uids: twice, gids: MAP } })).toThrow(
      'overlap',
    );
  });
});
