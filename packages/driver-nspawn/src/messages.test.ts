import { describe, expect, it } from 'vitest';

import { complaints, signalOf } from './messages.js';

const NOISE =
  'Attempted to remove disk file system under "/run/systemd/nspawn/propagate/c", and we can\'t allow that.\n';

describe('the signal that ended a container', () => {
  it.each([
    ['KILL', 9],
    ['SEGV', 11],
    ['USR2', 12],
    ['RTMIN', 34],
    ['RTMIN+30', 64],
  ])('SIG%s is %i', (name, number) => {
    expect(signalOf(`Container web-01 terminated by signal ${name}.\n${NOISE}`)).toBe(number);
  });

  it('is not there when it ended by itself', () => {
    expect(signalOf(NOISE)).toBeUndefined();
    expect(signalOf('')).toBeUndefined();
  });

  it('is not one that systemd-nspawn does not know either', () => {
    expect(signalOf('Container web-01 terminated by signal 99.\n')).toBeUndefined();
  });
});

describe('complaints', () => {
  it('are what it does not always say', () => {
    expect(complaints(`Failed to clone: Bad luck\n${NOISE}Container c terminated by signal KILL.\n`)).toEqual(
      ['Failed to clone: Bad luck'],
    );
  });
});
