import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import type { Case, Group } from '../case.js';

const REFUSED = [
  'kernel.hostname',
  'kernel.panic',
  'vm.swappiness',
  'net.core/../../kernel.panic',
  '',
  'net',
];

/** Settings of the container's namespaces. */
export const sysctls: Group = {
  name: 'sysctls',
  needs: ['sysctls', 'mnt namespace', 'net namespace', 'ipc namespace'],
  cases: [
    {
      name: 'are set in the container and not on the host',
      run: async (bench) => {
        const path = '/proc/sys/net/core/somaxconn';
        const before = readFileSync(path, 'utf8');
        const change = { sysctls: { 'net.core.somaxconn': '1234', 'kernel.msgmax': '4321' } };
        assert.equal(await bench.sh(`cat ${path} /proc/sys/kernel/msgmax`, change), '1234\n4321');
        assert.equal(readFileSync(path, 'utf8'), before);
      },
    },
    ...REFUSED.map((name): Case => ({
      name: `of the name ${JSON.stringify(name)} are refused`,
      run: async (bench) => {
        const error = await bench.fails('ERR_NS_INVALID_ARGUMENT', { sysctls: { [name]: '1' } });
        assert.ok(error.message.includes(name), error.message);
      },
    })),
    {
      name: 'of a namespace that is shared are refused',
      needs: ['joinNamespaces'],
      run: async (bench) => {
        const change = { namespaces: { net: 'host' }, sysctls: { 'net.core.somaxconn': '1' } } as const;
        await bench.fails('ERR_NS_INVALID_ARGUMENT', change);
      },
    },
    {
      name: 'that do not exist are told by name',
      run: async (bench) => {
        const error = await bench.fails(undefined, { sysctls: { 'net.core.no_such_setting': '1' } });
        assert.ok(error.message.includes('net.core.no_such_setting'), error.message);
      },
    },
  ],
};
