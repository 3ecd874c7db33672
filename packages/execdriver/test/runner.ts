import type { Runner } from '@ns/execdriver/conformance';
import { needs } from '@ns/testing';
import { describe, test } from 'vitest';

/** How long one case may take, on a busy machine, and on one that is emulated. */
export const TIME_LIMIT_MS: number = process.env['NS_EMULATED'] === undefined ? 45_000 : 240_000;

/** The conformance suite's cases as tests of vitest. */
export const vitestRunner: Runner = {
  describe,
  // oxlint-disable-next-line vitest/expect-expect, vitest/valid-title -- both come with the case
  test: (name, body) => test(name, body),
  // oxlint-disable-next-line vitest/expect-expect, vitest/valid-title -- it is never run
  skip: (name, reason) => test(name, needs({ name, missing: () => reason }), () => undefined),
};
