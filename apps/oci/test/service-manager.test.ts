// needs: linux, root, busybox
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { AF, MSG, OwnedFd, receiveFds, SOCK, syscall } from '@ns/syscall';
import { afterAll, expect, test } from 'vitest';

import { Bench, until } from './harness.js';

const bench = new Bench();
afterAll(() => bench[Symbol.asyncDispose]());

/** What systemd is to a service of `Type=notify`. */
class ServiceManager implements Disposable {
  readonly path: string;
  readonly #socket = new OwnedFd(
    syscall('socket', 'socket', AF.AF_UNIX, SOCK.SOCK_DGRAM | SOCK.SOCK_CLOEXEC, 0),
  );
  #said: string[] = [];

  constructor(path: string) {
    this.path = path;
    const family = Buffer.from(Uint16Array.of(AF.AF_UNIX).buffer);
    const name = path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`;
    const address = Buffer.concat([family, Buffer.from(name)]);
    syscall('bind', 'bind', this.#socket.fd, address, address.length);
  }

  /** What it was told; barriers are closed. */
  get said(): readonly string[] {
    for (;;) {
      const message = receiveFds(this.#socket.fd);
      if (message === undefined) return this.#said;
      for (const fd of message.fds) fd.close();
      this.#said.push(message.data.toString());
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** What a program in the container would send: to the socket that it sees, through its root. */
function notify(pid: number, text: string): void {
  using socket = new OwnedFd(syscall('socket', 'socket', AF.AF_UNIX, SOCK.SOCK_DGRAM | SOCK.SOCK_CLOEXEC, 0));
  const family = Buffer.from(Uint16Array.of(AF.AF_UNIX).buffer);
  const path = `/proc/${pid}/root/run/notify/notify.sock`;
  const address = Buffer.concat([family, Buffer.from(`${path}\0`)]);
  const data = Buffer.from(text);
  syscall('send', 'sendto', socket.fd, data, data.length, MSG.MSG_NOSIGNAL, address, address.length);
}

const socketOf = (pid: number): string => `/proc/${pid}/root/run/notify/notify.sock`;

async function withManager(path: string, act: (manager: ServiceManager) => Promise<void>): Promise<void> {
  using manager = new ServiceManager(path);
  process.env['NOTIFY_SOCKET'] = path;
  try {
    await act(manager);
  } finally {
    delete process.env['NOTIFY_SOCKET'];
  }
}

test('start waits until the container is ready, and tells the service manager whom to watch', async () => {
  await withManager(join(bench.directory, 'manager.sock'), async (manager) => {
    const id = bench.create(bench.bundle('echo $NOTIFY_SOCKET; sleep 1000'));
    const output = bench.lastOutput;
    const { pid } = bench.state(id);
    const start = bench.spawn(['start', id]);
    await until(() => existsSync(socketOf(pid)), 'the socket');
    await until(() => readFileSync(output, 'utf8') === '/run/notify/notify.sock\n', 'output');
    // Users of the container are none of ours.
    expect(statSync(socketOf(pid)).mode & 0o777).toBe(0o777);
    expect(() => writeFileSync(`/proc/${pid}/root/run/notify/file`, '')).toThrow('EROFS');
    notify(pid, 'STATUS=warming up');
    notify(pid, 'STATUS=serving\nREADY=1');
    const ended = once(start, 'exit');
    await until(() => manager.said.length >= 3, 'its words');
    expect(await ended).toEqual([0, null]);
    expect(manager.said).toEqual(['READY=1\n', `MAINPID=${pid}\n`, 'BARRIER=1']);
    // What joins later is none of the service manager's business.
    expect(bench.must(['exec', id, 'env'])).not.toContain('NOTIFY_SOCKET');
    bench.must(['delete', '--force', id]);
    expect(existsSync(join(bench.root, id))).toBe(false);
  });
});

test('one that ends before it is ready is not waited for', async () => {
  await withManager(join(bench.directory, 'other.sock'), async (manager) => {
    const id = bench.create(bench.bundle('exit 3'));
    expect(bench.sync(['start', id]).code).toBe(0);
    expect(manager.said).toEqual([]);
    bench.must(['delete', id]);
    await Promise.resolve();
  });
});

test('run stays with it and has itself watched, at a socket without a file', async () => {
  await withManager(`@ns-oci-test-${process.pid}`, async (manager) => {
    const run = bench.spawn(['run', '--bundle', bench.bundle('read -r _; sleep 1000'), 'attached']);
    run.stdin?.end();
    await until(() => existsSync(join(bench.root, 'attached/notify/notify.sock')), 'the socket');
    const { pid } = bench.state('attached');
    notify(pid, 'READY=1');
    await until(() => manager.said.length >= 3, 'its words');
    expect(manager.said).toEqual(['READY=1\n', `MAINPID=${run.pid}\n`, 'BARRIER=1']);
    const ended = once(run, 'exit');
    process.kill(pid, 'SIGKILL');
    expect(await ended).toEqual([137, null]);
  });
});

test.each([
  ['of this process', '$$', '0', 'LISTEN_FDS=1\nLISTEN_PID=1\n/file\n'],
  ['of this process, and one that is preserved', '$$', '1', 'LISTEN_FDS=1\nLISTEN_PID=1\n/file\n/other\n'],
  ['of another process', '1', '0', ''],
])('sockets that were handed over: %s', (_name, owner, preserve, expected) => {
  const script =
    'env | busybox grep LISTEN | busybox sort; for f in 3 4; do cat <&$f; done 2> /dev/null; true';
  const bundle = bench.bundle(script);
  for (const name of ['file', 'other']) writeFileSync(join(bundle, name), `/${name}\n`);
  const words = ['run', '--preserve-fds', preserve, '--bundle', bundle, 'listening'];
  const [node, command] = bench.command(words);
  const shell = `exec 3< ${bundle}/file 4< ${bundle}/other; LISTEN_FDS=1 LISTEN_PID=${owner} exec "$@"`;
  const { stdout, stderr } = spawnSync('sh', ['-c', shell, 'sh', node, ...command], { encoding: 'utf8' });
  expect(`${stdout}${stderr}`).toBe(expected);
});

test('sockets that were not handed over are missed', () => {
  const [node, command] = bench.command(['run', '--bundle', bench.bundle('echo ran'), 'listening']);
  const shell = 'LISTEN_FDS=2 LISTEN_PID=$$ exec "$@"';
  const outcome = spawnSync('sh', ['-c', shell, 'sh', node, ...command], { encoding: 'utf8' });
  expect(outcome).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining('descriptor 3 of LISTEN_FDS=2 is not open'),
  });
  expect(bench.must(['list', '--quiet'])).toBe('');
});
