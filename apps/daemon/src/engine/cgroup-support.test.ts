import type { CgroupLayout } from '@ns/cgroups';
import { describe, expect, it } from 'vitest';

import { NO_SUPPORT, supportOf, supportWarnings } from './cgroup-support.js';

const v1 = (...controllers: string[]): CgroupLayout['hierarchies'][number] => ({
  version: 1,
  mountPoint: `/cg/${controllers.join(',')}`,
  controllers,
  ownPath: '/',
});

describe('supportOf', () => {
  it('looks for the files of version 1', () => {
    const layout: CgroupLayout = {
      kind: 'hybrid',
      hierarchies: [v1('cpu', 'cpuacct'), v1('memory'), v1('blkio')],
    };
    const files = new Set([
      '/cg/memory/memory.soft_limit_in_bytes',
      '/cg/memory/memory.oom_control',
      '/cg/cpu,cpuacct/cpu.shares',
      '/cg/blkio/blkio.bfq.io_service_bytes',
    ]);
    expect(supportOf(layout, (path) => files.has(path))).toEqual({
      ...NO_SUPPORT,
      version: '1',
      memory: true,
      reservation: true,
      oomKillDisable: true,
      cpuShares: true,
      ioWeight: true,
    });
  });

  it('knows what version 2 has and has not', () => {
    const unified = {
      version: 2,
      mountPoint: '/cg',
      controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'],
      ownPath: '/own',
    } as const;
    const layout: CgroupLayout = { kind: 'v2', hierarchies: [unified], unified };
    const expected = {
      version: '2',
      memory: true,
      swap: true,
      reservation: true,
      swappiness: false,
      oomKillDisable: false,
      cpuShares: true,
      cpuQuota: true,
      cpuRealtime: false,
      cpuset: true,
      pids: true,
      ioWeight: true,
      ioRates: true,
    };
    expect(supportOf(layout, (path) => path === '/cg/own/memory.swap.max')).toEqual(expected);
    expect(supportOf(layout, () => false)).toEqual({ ...expected, swap: false });
  });
});

describe('supportWarnings', () => {
  it('names what is missing', () => {
    expect(
      supportWarnings({ ...NO_SUPPORT, memory: true, swap: true, cpuQuota: true, cpuShares: true }),
    ).toEqual(['WARNING: No cpuset support', 'WARNING: No pids limit support']);
  });
});
