import { expect, test } from 'vitest';

import { argumentsText } from './arguments.js';

test('arguments read as their signature says', () => {
  expect(argumentsText('mount', ['proc', '/proc', 'proc', 0xe, null])).toBe(
    '"proc", "/proc", "proc", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL',
  );
  expect(argumentsText('openat', [-100, '/x', 0, 0o640])).toBe('AT_FDCWD, "/x", O_RDONLY, 0640');
  expect(argumentsText('write', [3, Buffer.alloc(5), 5])).toBe('3, <5 bytes>, 5');
  expect(argumentsText('open_tree', [-100, '/x', 0x8001])).toContain('OPEN_TREE_CLONE|AT_RECURSIVE');
  expect(argumentsText('epoll_ctl', [3, 1, 4, null])).toBe('3, 1, 4, NULL');
});

test('long text is cut', () => {
  expect(argumentsText('chdir', ['x'.repeat(5000)]).length).toBeLessThan(300);
});
