import { spawn } from 'node:child_process';

import { needs } from '@ns/testing';
import { describe, expect, it } from 'vitest';

import { ancestors, descendants, isCommand, pidsOf, weigh } from './memory.ts';

describe('processes', needs('linux'), () => {
  it('are found by their whole command line, with their parents and their weight', async () => {
    const argv = ['sleep', '97.25'];
    const child = spawn('sleep', ['97.25'], { stdio: 'ignore' });
    try {
      await expect.poll(() => pidsOf(argv)).toEqual([child.pid]);
      expect(pidsOf(['sleep', '97.2'])).toEqual([]);
      expect(ancestors(child.pid ?? 0, 1)).toEqual([process.pid]);
      const weight = weigh(child.pid ?? 0);
      expect(weight?.pss).toBeGreaterThan(0);
      expect(weight?.rss).toBeGreaterThanOrEqual(weight?.pss ?? Infinity);
    } finally {
      child.kill('SIGKILL');
    }
    await expect.poll(() => weigh(child.pid ?? 0)).toBeUndefined();
  });

  it('are found below another, at any depth', async () => {
    const child = spawn('sh', ['-c', 'sleep 96.5 & wait'], { stdio: 'ignore' });
    const argv = ['sleep', '96.5'];
    try {
      await expect.poll(() => descendants(process.pid).filter((pid) => isCommand(pid, argv))).toHaveLength(1);
      expect(descendants(process.pid)).toContain(child.pid);
      expect(descendants(child.pid ?? 0).map((pid) => isCommand(pid, argv))).toEqual([true]);
    } finally {
      for (const pid of descendants(child.pid ?? 0)) process.kill(pid, 'SIGKILL');
      child.kill('SIGKILL');
    }
  });
});
