import assert from 'node:assert/strict';

import { rejects, type Bench, type Change } from '../bench.js';
import type { Case, Group } from '../case.js';
import { assertUntouched } from '../needs.js';

/** Specs that no driver may take, whatever its abilities. */
const BAD: readonly (readonly [what: string, change: Change])[] = [
  ['an empty id', { id: '' }],
  ['an id with a slash', { id: '../x' }],
  ['an id that is a directory', { id: '..' }],
  ['an id of 129 letters', { id: 'x'.repeat(129) }],
  ['no command', { process: { args: [] } }],
  ['an empty command', { process: { args: [''] } }],
  ['a NUL in an argument', { process: { args: ['true', 'a\0b'] } }],
  ['an argument of 200 KiB', { process: { args: ['true', 'x'.repeat(200 * 1024)] } }],
  [
    '10 MiB of arguments',
    { process: { args: ['true', ...Array.from({ length: 100 }, () => 'x'.repeat(100 * 1024))] } },
  ],
  ['a variable without =', { process: { env: ['PATH=/bin', 'NAME'] } }],
  ['a variable without a name', { process: { env: ['=value'] } }],
  ['a NUL in a variable', { process: { env: ['A=\0'] } }],
  ['a relative working directory', { process: { cwd: 'tmp' } }],
  ['an umask of 01000', { process: { umask: 0o1000 } }],
  ['a relative root', { root: { kind: 'directory', path: 'rootfs' } }],
  ['an empty root', { root: { kind: 'directory', path: '' } }],
];

/** Input that is refused before anything is made. */
export const refusals: Group = {
  name: 'refuses',
  cases: [
    ...BAD.map(([what, change]): Case => ({ name: what, run: (bench) => assertInvalid(bench, change) })),
    {
      name: 'settings of the driver that have no name, or are several lines',
      needs: ['driverConfig'],
      run: async (bench) => {
        await assertInvalid(bench, { driverConfig: [['', 'value']] });
        await assertInvalid(bench, { driverConfig: [['name', 'value\nother = value']] });
        await assertInvalid(bench, { driverConfig: [['name = value\nother', 'value']] });
      },
    },
  ],
};

async function assertInvalid(bench: Bench, change: Change): Promise<void> {
  const error = await rejects('ERR_NS_INVALID_ARGUMENT', bench.create(change));
  assert.match(error.message, /^\S.*: /, 'the message says what was being done');
  assert.ok(error.message.length < 1000, 'the message does not repeat the input at length');
  await assertUntouched(bench);
}
