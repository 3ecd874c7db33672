import { expect, test } from 'vitest';

import { reasonIn } from './criu.js';

test.each([
  [
    'Error (criu/util.c:642): exited, status=1\nError (criu/vdso.c:381): vdso: Unexpected rt vDSO area bounds\nError (criu/crtools.c:260): Could not initialize',
    'vdso: Unexpected rt vDSO area bounds',
  ],
  ['Error (criu/util.c:642): exited, status=1\n', 'exited, status=1'],
  ['Looks bad.\n', 'it does not say why'],
])('of what criu says, %j, the reason is %j', (text, reason) => {
  expect(reasonIn(text)).toBe(reason);
});
