// needs: linux, root, busybox
/** Runtimes that do not do what they are told. */
import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { Bench } from './bench.js';

const bench = new Bench();
afterAll(() => bench[Symbol.dispose]());

let count = 0;

/** A runtime that is a shell script. Its last arguments: `--pid-file FILE --preserve-fds 2 ID` of create. */
function runtime(script: string): { readonly path: string } {
  const path = join(bench.directory, `runtime-${++count}`);
  writeFileSync(path, `#!/bin/sh\nfor last; do :; done\n${script}\n`);
  chmodSync(path, 0o755);
  return { path };
}

const PID_FILE = 'while [ "$1" != --pid-file ]; do shift; done';

/** On `create` only; everything else it does well. */
const onCreate = (script: string): string => `case "$*" in *\\ create\\ *) ${script};; esac`;

const BAD: readonly (readonly [what: string, script: string, message: RegExp])[] = [
  ['fails without a word', onCreate('exit 3'), /ended with status 3/],
  ['says why it fails', onCreate('echo "no room" >&2; exit 1'), /no room/],
  ['is killed', onCreate('kill -9 $$'), /signal/],
  ['writes down no process', onCreate('exit 0'), /ended before|no pid|said nothing|did not leave/],
  [
    'writes down no number',
    onCreate(`${PID_FILE}; echo none > "$2"; exit 0`),
    /ended before|did not leave|said nothing/,
  ],
  [
    'writes down process 1',
    onCreate(`${PID_FILE}; echo 1 > "$2"; exit 0`),
    /ended before|did not leave|said nothing/,
  ],
  ['leaves a process that ends', onCreate(`${PID_FILE}; sleep 0 & echo $! > "$2"; exit 0`), /ended before/],
];

describe('a runtime that', () => {
  test.each(BAD)('%s', async (_, script, message) => {
    const driver = bench.driver(runtime(script));
    const container = await driver.create(bench.spec('true'));
    await expect(container.start()).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_NS_(TOOL|STEP)_FAILED$/),
      message: expect.stringMatching(message),
    });
    expect(container.status).toBe('stopped');
    await container.destroy();
    expect(await driver.list()).toEqual([]);
    expect(readdirSync(join(bench.directory, 'state'))).toEqual([]);
  });

  test('is not there is told of when a container is made', () => {
    expect(() => bench.driver({ path: '/none/runc' })).toThrow(/\/none\/runc is no executable file/);
    expect(existsSync('/none')).toBe(false);
  });
});
