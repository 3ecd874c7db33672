import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { writeAtomic } from './atomic-file.js';
import { listen, parseAddress } from './listen.js';
import { createLogger } from './logger.js';
import { claimPidfile } from './pidfile.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ns-host-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('writeAtomic', () => {
  it('replaces a file as a whole, and leaves nothing else', async () => {
    const path = join(directory, 'file');
    await writeAtomic(path, 'one');
    await writeAtomic(path, 'two', { durable: false, mode: 0o640 });
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(statSync(path).mode & 0o777).toBe(0o640);
    await expect(writeAtomic(join(directory, 'missing/file'), 'x')).rejects.toThrow('ENOENT');
  });
});

describe('pid files', () => {
  it('are held until they are given back', () => {
    const path = join(directory, 'pid');
    const pidfile = claimPidfile(path, 'the test');
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
    pidfile[Symbol.dispose]();
    expect(existsSync(path)).toBe(false);
  });

  it.each(['', 'nonsense', '999999999'])('that are stale (%j) are taken over', (content) => {
    const path = join(directory, 'pid');
    writeFileSync(path, content);
    using _ = claimPidfile(path, 'the test');
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
  });

  it('of a process that is no daemon are taken over, and those of a daemon are not', async () => {
    const path = join(directory, 'pid');
    const other = spawn('sleep', ['60']);
    const daemon = spawn(process.execPath, [
      '-e',
      'console.log(1); setInterval(() => {}, 1000)',
      'ns-daemon',
    ]);
    try {
      await once(daemon.stdout, 'data');
      writeFileSync(path, String(other.pid));
      claimPidfile(path, 'the test')[Symbol.dispose]();
      writeFileSync(path, String(daemon.pid));
      expect(() => claimPidfile(path, 'the data root /x')).toThrow(
        `start ns-daemon: a daemon with process id ${daemon.pid} already uses the data root /x`,
      );
      expect(readFileSync(path, 'utf8')).toBe(String(daemon.pid));
    } finally {
      other.kill('SIGKILL');
      daemon.kill('SIGKILL');
    }
  });
});

describe('addresses', () => {
  it('are sockets', () => {
    expect(parseAddress('unix:///run/ns/ns.sock')).toEqual({ kind: 'unix', path: '/run/ns/ns.sock' });
    expect(parseAddress('fd://')).toEqual({ kind: 'systemd' });
  });

  it.each([
    ['tcp://0.0.0.0:2375', 'TCP needs mutual TLS, which comes in a later version'],
    ['unix://relative', 'is not an address'],
    ['', 'is not an address'],
    ['http://x', 'is not an address'],
    [`unix:///${'x'.repeat(107)}`, 'is longer than the 107 bytes'],
  ])('%s is refused', (text, message) => {
    expect(() => parseAddress(text)).toThrow(message);
  });
});

describe('listen', () => {
  const owner = { group: '0', isExplicit: true };
  const server = (): ReturnType<typeof createServer> => createServer((_, response) => response.end());

  it('makes a socket for owner and group only, and takes it away', async () => {
    const path = join(directory, 'deep/ns.sock');
    const one = server();
    const remove = await listen(one, { kind: 'unix', path }, owner);
    expect(statSync(path).mode & 0o777).toBe(0o660);
    one.close();
    remove();
    expect(existsSync(path)).toBe(false);
  });

  it('refuses a socket that somebody listens on, and replaces one that nobody does', async () => {
    const path = join(directory, 'ns.sock');
    const other = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log(1))`,
    ]);
    await once(other.stdout, 'data');
    await expect(listen(server(), { kind: 'unix', path }, owner)).rejects.toMatchObject({
      code: 'ERR_NS_CONFLICT',
      message: `listen: another program listens on ${path}`,
    });
    const gone = once(other, 'exit');
    other.kill('SIGKILL');
    await gone;
    const second = server();
    (await listen(second, { kind: 'unix', path }, owner))();
    second.close();
  });

  it('does not remove a file that is no socket', async () => {
    const path = join(directory, 'file');
    writeFileSync(path, 'precious');
    await expect(listen(server(), { kind: 'unix', path }, owner)).rejects.toThrow(
      'exists and is not a socket',
    );
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  it('wants the group that was asked for, and not the default one', async () => {
    const path = join(directory, 'ns.sock');
    const one = server();
    await expect(
      listen(one, { kind: 'unix', path }, { group: 'no-such-group', isExplicit: true }),
    ).rejects.toThrow('there is no group no-such-group');
    (await listen(one, { kind: 'unix', path }, { group: 'no-such-group', isExplicit: false }))();
    one.close();
  });

  it('wants a socket of systemd for fd://', async () => {
    await expect(listen(server(), { kind: 'systemd' }, owner)).rejects.toThrow('none was handed over');
  });
});

describe('createLogger', () => {
  it('writes lines of its level and above, each on one line', () => {
    const lines: string[] = [];
    const logger = createLogger('warn', (line) => lines.push(line));
    logger.info('no');
    logger.warn('a\nb');
    logger.error('bad', new Error('no stack at this level'));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z warn {2}a\\nb\n$/);
    logger.level = 'info';
    logger.info('now');
    expect(lines[2]).toContain('now');
  });
});
