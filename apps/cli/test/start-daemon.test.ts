import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { needs } from '@ns/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Program } from './program.js';

/** Something that answers as an engine without containers does, or ends as its first argument says. */
const DAEMON = `#!${process.execPath}
const { mkdirSync, writeFileSync } = require('node:fs');
if (process.env.FAIL) { console.error('cannot open /dev/thing'); process.exit(3); }
mkdirSync('/run/ns', { recursive: true });
const server = require('node:http').createServer((request, response) => {
  response.setHeader('Api-Version', '1.47');
  response.end(request.url === '/_ping' ? 'OK' : '[]');
});
server.on('error', (error) => { console.error(error.message); process.exit(1); });
server.listen('/run/ns/ns.sock', () => {
  writeFileSync('/run/ns/pids', process.pid + '\\n', { flag: 'a' });
  console.log('at your service in ' + process.cwd());
});
`;

/** Own /run and /var/lib: what ns does there by default must not reach the machine's. */
const APART = 'mount --make-rprivate / && mount -t tmpfs none /run && mount -t tmpfs none /var/lib';

describe('without an engine', needs('root', 'unshare'), () => {
  let program: Program;
  let folder = '';

  beforeAll(async () => {
    program = await Program.build();
    folder = mkdtempSync(join(tmpdir(), 'ns-start-'));
    writeFileSync(join(folder, 'ns-daemon'), DAEMON);
    chmodSync(join(folder, 'ns-daemon'), 0o755);
  });
  afterAll(() => {
    program.remove();
    rmSync(folder, { recursive: true });
  });

  /** What a shell script says, with `ns` in it, apart from the machine. Every daemon is ended. */
  async function shell(script: string): Promise<{ stdout: string; stderr: string }> {
    const lines = [
      APART,
      `ns() { ${process.execPath} -- ${program.script} "$@"; }`,
      `{ ${script}\n}`,
      '[ ! -e /run/ns/pids ] || kill $(cat /run/ns/pids)',
    ];
    const env = { ...program.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    return promisify(execFile)('unshare', ['-m', 'sh', '-c', lines.join('\n')], { env });
  }

  it('starts ns-daemon, says so, and once', async () => {
    const { stdout, stderr } = await shell(
      'ns ps; ns ps -q; cat /var/lib/ns/ns-daemon.log; wc -l < /run/ns/pids',
    );
    expect(stderr).toMatch(/^ns: started ns-daemon \(pid \d+, log \/var\/lib\/ns\/ns-daemon\.log\)\n$/);
    expect(stdout).toMatch(/^CONTAINER ID .*\nat your service in \/\n1\n$/);
  });

  it('starts one though two ask at once', async () => {
    const { stdout } = await shell('ns ps -q & ns ps -q & wait; ns ps -q && wc -l < /run/ns/pids');
    expect(stdout).toBe('1\n');
  });

  it('takes a socket that nobody listens on for none', async () => {
    const { stderr } = await shell(
      'mkdir /run/ns; touch /run/ns/ns.sock; ns ps; rm -f /run/ns/ns.sock; ns ps',
    );
    // The first daemon cannot listen there, which its log tells.
    expect(stderr).toMatch(
      /^ns: ns-daemon did not come up \(exit code 1\)[^]*EADDRINUSE[^]*ns: started ns-daemon/,
    );
  });

  it('shows the end of the log of one that does not come up', async () => {
    const { stderr } = await shell('FAIL=1 ns ps; echo "code $?" >&2');
    expect(stderr).toMatch(
      /^ns: ns-daemon did not come up \(exit code 3\)\nhint: .*ns-daemon\.log ends: cannot open \/dev\/thing\ncode 1\n$/,
    );
  });

  it('run ends with 125 then', async () => {
    const { stderr } = await shell('FAIL=1 ns run x; echo "code $?" >&2');
    expect(stderr).toContain('code 125\n');
  });

  it.each([
    'NS_HOST=unix:///run/ns/ns.sock ns ps',
    'DOCKER_HOST=unix:///run/ns/ns.sock ns ps',
    'ns -H unix:///run/ns/ns.sock ps',
    'ns version',
  ])('does not start one for %s', async (line) => {
    const { stderr, stdout } = await shell(`${line}; ls -d /run/ns /var/lib/ns || true`);
    expect(stderr).toContain('there is no such socket');
    expect(stdout).not.toContain('/run/ns\n');
    expect(stdout).not.toContain('/var/lib/ns\n');
  });

  it('says what is missing when there is no ns-daemon', async () => {
    const { stderr } = await shell('PATH=/usr/bin:/bin; ns ps || true');
    expect(stderr).toBe(
      'ns: no engine runs at unix:///run/ns/ns.sock, and ns-daemon is not installed\nhint: install @ns/daemon, or name an engine with -H\n',
    );
  });

  it('does not try as another user than root', async () => {
    const { stderr } = await shell(
      `chmod 755 ${folder} ${join(program.script, '..')}; setpriv --reuid 65534 --clear-groups ${process.execPath} -- ${program.script} ps || true`,
    );
    expect(stderr).toBe(
      'ns: no engine runs at unix:///run/ns/ns.sock\nhint: run ns as root, which starts ns-daemon, or let root start it\n',
    );
  });
});
