/**
 * What the tests of every execution driver share: a root file system, and the conformance suite's cases as tests of vitest.
 *
 * @packageDocumentation
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, test } from 'vitest';

import { needs, which } from './needs.ts';

const { NS_CASES, NS_EMULATED } = process.env;

/** How long one case may take: on a busy machine, on an emulated one, and when all are run, of which some start forty containers. */
export const TIME_LIMIT_MS: number =
  NS_CASES !== undefined ? 600_000 : NS_EMULATED !== undefined ? 240_000 : 45_000;

/**
 * The cases of the conformance suite that a driver's tests run: a selection that fits into the time of every change, or what
 * `NS_CASES` says, a part of a case's full name. All of them with `NS_CASES=`.
 */
export const selectedCases = (selection: readonly string[]): readonly string[] =>
  NS_CASES === undefined ? selection : [NS_CASES];

/** The `Runner` of `@ns/execdriver/conformance`. */
export const vitestRunner = {
  // oxlint-disable-next-line vitest/valid-title, vitest/valid-describe-callback -- both come with the group
  describe: (name: string, body: () => void): unknown => describe(name, body),
  test: (name: string, body: () => Promise<void>): void => {
    // oxlint-disable-next-line vitest/expect-expect, vitest/valid-title -- both come with the case
    test(name, body, TIME_LIMIT_MS + 15_000);
  },
  skip: (name: string, reason: string): void => {
    // oxlint-disable-next-line vitest/expect-expect, vitest/valid-title -- it is never run
    test(name, needs({ name, missing: () => reason }), () => undefined);
  },
};

/** A root file system of one static program, removed with `using`. */
export class BusyboxRoot implements Disposable {
  readonly path: string;

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), 'ns-busybox-'));
    chmodSync(this.path, 0o755);
    for (const name of ['bin', 'etc', 'root', 'tmp']) mkdirSync(join(this.path, name));
    const busybox = join(this.path, 'bin/busybox');
    copyFileSync(which('busybox')!, busybox);
    execFileSync(busybox, ['--install', join(this.path, 'bin')]);
    const passwd = 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/tmp:/bin/sh\n';
    writeFileSync(join(this.path, 'etc/passwd'), passwd);
    writeFileSync(join(this.path, 'etc/group'), 'root:x:0:\napp:x:1000:\n');
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
