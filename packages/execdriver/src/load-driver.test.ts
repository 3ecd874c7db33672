import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { hintOf, NsError, type NsErrorCode } from '@ns/errors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { CONTRACT_VERSION, nativeModule } from './index.js';
import { loadDriver } from './load-driver.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'ns-load-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const abilities = JSON.stringify(nativeModule.info.abilities);
const module = (info: string): string =>
  `export const driver = { info: ${info}, probe: async () => ({ available: true }), create: () => ({ from: import.meta.url }) };`;
const GOOD = module(
  `{ name: 'good', version: '1.2.3', contract: ${CONTRACT_VERSION}, abilities: ${abilities} }`,
);

/** Install a package. */
function install(name: string, text: string, exports: unknown = { '.': { import: './main.js' } }): string {
  const folder = join(directory, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name, version: '1.2.3', type: 'module', exports }),
  );
  writeFileSync(join(folder, 'main.js'), text);
  return folder;
}

async function refusal(
  name: string,
  from = directory,
): Promise<{ code: NsErrorCode; message: string; hint: string }> {
  const error: unknown = await loadDriver(name, from).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!NsError.is(error)) throw new Error(`expected an NsError, got ${String(error)}`);
  return { code: error.code, message: error.message, hint: hintOf(error) ?? '' };
}

describe('a driver is loaded', () => {
  test('by the name of its package, from where it is told', async () => {
    install('good', GOOD);
    install('@scope/good', GOOD);
    for (const name of ['good', '@scope/good']) {
      expect((await loadDriver(name, directory)).info).toMatchObject({ name: 'good', version: '1.2.3' });
    }
    const inside = join(directory, 'a/b');
    mkdirSync(inside, { recursive: true });
    expect((await loadDriver('good', inside)).info.name).toBe('good');
    expect((await loadDriver('good', join(directory, 'engine.js'))).info.name).toBe('good');
  });

  test('by the path of a module, or of a package', async () => {
    const folder = install('by-path', GOOD);
    expect((await loadDriver(join(folder, 'main.js'))).info.name).toBe('good');
    expect((await loadDriver(folder)).info.name).toBe('good');
  });
});

describe('a driver is refused', () => {
  test.each([
    '../good',
    './good',
    'fs',
    'node:fs',
    'data:text/javascript,1',
    'http://host/x.js',
    '',
    'a b',
    'good/main.js',
  ])('that is no package: %s', async (name) => {
    const { code, message, hint } = await refusal(name);
    expect(code).toBe('ERR_NS_INVALID_ARGUMENT');
    expect(message).toContain('is no name of a package');
    expect(hint).toContain('npm package');
  });

  test('that is not installed', async () => {
    const { code, message, hint } = await refusal('not-there');
    expect(code).toBe('ERR_NS_NOT_FOUND');
    expect(message).toBe(`load driver: no package not-there is installed for ${directory}`);
    expect(hint).toBe('install it there: npm install not-there');
    expect((await refusal('/no/such/module.js')).code).toBe('ERR_NS_NOT_FOUND');
    expect((await refusal(directory)).code).toBe('ERR_NS_NOT_FOUND');
  });

  test('that is written for another version of the contract, whatever else it is', async () => {
    install('future', `export const driver = { info: { name: 'future', version: '9.1', contract: 99 } };`);
    const { code, message, hint } = await refusal('future');
    expect(code).toBe('ERR_NS_UNSUPPORTED');
    expect(message).toBe(
      `driver: driver future 9.1 is written for version 99 of the contract, known here is ${CONTRACT_VERSION}`,
    );
    expect(hint).toContain('use a release of the driver');
  });

  test.each<[string, string, RegExp]>([
    ['no-export', 'export default {};', /no-export exports no driver/],
    ['null', 'export const driver = null;', /has no function `create`/],
    ['no-create', 'export const driver = { info: {}, probe() {} };', /has no function `create`/],
    ['no-probe', 'export const driver = { info: {}, create() {} };', /has no function `probe`/],
    ['no-name', module(`{ version: '1', contract: 1, abilities: ${abilities} }`), /info.name/],
    [
      'bad-name',
      module(`{ name: 'A\\nB', version: '1', contract: 1, abilities: ${abilities} }`),
      /info.name/,
    ],
    ['no-version', module(`{ name: 'a', contract: 1, abilities: ${abilities} }`), /info.version/],
    ['no-contract', module(`{ name: 'a', version: '1', abilities: ${abilities} }`), /info.contract/],
    [
      'no-abilities',
      module(`{ name: 'a', version: '1', contract: 1 }`),
      /info.abilities.namespaces` \(a list\)/,
    ],
    [
      'few-abilities',
      module(`{ name: 'a', version: '1', contract: 1, abilities: { ...${abilities}, exec: undefined } }`),
      /info.abilities.exec` \(a boolean\)/,
    ],
    ['throws', `throw new Error('no luck');`, /throws cannot be loaded: no luck/],
    ['needs-another', `import 'another';`, /needs-another cannot be loaded: .*another/],
    ['broken', 'export const = ;', /broken cannot be loaded: /],
  ])('%s', async (name, text, says) => {
    install(name, text);
    const { code, message, hint } = await refusal(name);
    expect(code).toBe('ERR_NS_INVALID_ARGUMENT');
    expect(message).toMatch(/^load driver: /);
    expect(message).toMatch(says);
    expect(hint).not.toBe('');
  });

  test('whose package has no module', async () => {
    install('data-only', '', { './data.json': './data.json' });
    expect((await refusal('data-only')).message).toMatch(/data-only cannot be loaded: /);
  });
});
