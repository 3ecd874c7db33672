import { describe, expect, it } from 'vitest';

import { parseProcess } from './top.js';

describe('parseProcess', () => {
  const files = {
    // utime 150, stime 50, start 1000 ticks after boot, 4096 KiB, 100 pages, terminal 136:3.
    stat: '7 (a) b (c) S 1 7 7 34819 7 0 0 0 0 0 150 50 0 0 20 0 1 0 1000 4194304 100',
    status: 'Name:\ta\nUid:\t1000\t1000\t1000\t1000\n',
    cmdline: 'sleep\x0010\0',
  };

  it('reads a name that holds parentheses, and everything behind it', () => {
    expect(parseProcess(7, 5000, files)).toEqual({
      pid: 7,
      ppid: 1,
      user: '1000',
      state: 'S',
      cpuS: 2,
      startedS: 5010,
      tty: 'pts/3',
      vszKib: 4096,
      rssKib: 400,
      command: 'sleep 10',
      name: 'a) b (c',
    });
  });

  it('shows the name of a process without arguments', () => {
    expect(parseProcess(7, 0, { ...files, cmdline: '' }).command).toBe('[a) b (c]');
  });
});
