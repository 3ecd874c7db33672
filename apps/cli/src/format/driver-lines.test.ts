import { expect, it } from 'vitest';

import { driverLines } from './driver-lines.js';

it('tells drivers with their versions, and what to do about those that do not work', () => {
  expect(
    driverLines([
      { Name: 'native', Driver: 'native', Version: '0.1.0', Available: true },
      {
        Name: 'crun',
        Driver: 'oci',
        Version: '0.1.0',
        Path: '/usr/bin/crun',
        Available: true,
        ComponentVersion: 'crun 1.8.1',
      },
      {
        Name: 'lxc',
        Driver: 'lxc',
        Version: '0.1.0',
        Available: false,
        Reason: 'lxc-start is not installed',
        Hint: 'apt-get install lxc',
      },
      { Name: 'odd', Driver: '', Version: '', Available: false },
    ]),
  ).toEqual([
    ' Drivers:',
    '  native  native 0.1.0',
    '  crun    crun 1.8.1, /usr/bin/crun',
    '  lxc     not available: lxc-start is not installed (apt-get install lxc)',
    '  odd     not available: it does not say why',
  ]);
  expect(driverLines([])).toEqual([]);
});
