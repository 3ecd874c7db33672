import { parseCapability } from '@ns/caps';
import { filterFor, hostContext } from '@ns/seccomp';
import { expect, it } from 'vitest';

import { compileDefaultFilter } from './default-filter.js';
import { confinement } from './security.js';

it('is the filter that a container without options asks for', () => {
  const { capabilities = [], seccomp } = confinement({}, { capabilities: new Set() });
  expect(seccomp).toBeUndefined();
  const compiled = compileDefaultFilter();
  const beganMs = performance.now();
  expect(filterFor(hostContext(capabilities.map((name) => parseCapability(name))))).toBe(compiled);
  expect(performance.now() - beganMs).toBeLessThan(2);
});
