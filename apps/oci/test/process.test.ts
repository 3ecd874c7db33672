// needs: linux, root, busybox
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { availableCapabilities } from '@ns/caps';
import {
  CAP,
  OwnedFd,
  receiveFds,
  syscall,
  AF,
  SOCK,
  getWindowSize,
  readAvailable,
  setNonblocking,
} from '@ns/syscall';
import { needs, which } from '@ns/testing';
import { afterAll, describe, expect, test } from 'vitest';

import { Bench, until } from './harness.js';

const bench = new Bench();
afterAll(() => bench[Symbol.asyncDispose]());

/** A Unix socket that listens, and gives what it is sent. */
function listen(path: string): { readonly fd: number; accept(): OwnedFd; close(): void } {
  const server = new OwnedFd(
    syscall('socket', 'socket', AF.AF_UNIX, SOCK.SOCK_STREAM | SOCK.SOCK_CLOEXEC, 0),
  );
  const address = Buffer.concat([Buffer.from(Uint16Array.of(AF.AF_UNIX).buffer), Buffer.from(`${path}\0`)]);
  syscall('bind', 'bind', server.fd, address, address.length);
  syscall('listen', 'listen', server.fd, 5);
  return {
    fd: server.fd,
    accept: () => new OwnedFd(syscall('accept', 'accept4', server.fd, null, null, SOCK.SOCK_CLOEXEC)),
    close: () => server.close(),
  };
}

describe('a process', () => {
  test('has its scheduling, I/O priority, personality and OOM score', () => {
    const bundle = bench.bundle(
      'cat /proc/$$/stat; ionice -p $$; uname -m; cat /proc/$$/oom_score_adj; umask',
      (config) => {
        config.process.scheduler = { policy: 'SCHED_BATCH', nice: 5 };
        config.process.ioPriority = { class: 'IOPRIO_CLASS_BE', priority: 6 };
        config.process.oomScoreAdj = 500;
        config.process.user.umask = 0o27;
        config.linux.personality = { domain: 'LINUX32' };
      },
    );
    const { stdout, code, stderr } = bench.run(bundle);
    expect(`${code} ${stderr}`).toMatch(/^0 /);
    const stat = stdout.split('\n')[0]!.split(') ')[1]!.split(' ');
    // Its nice value and policy: SCHED_BATCH.
    expect([stat[16], stat[38]]).toEqual(['5', '3']);
    expect(stdout).toContain('best-effort: prio 6');
    expect(stdout).toContain('i686');
    expect(stdout).toMatch(/\n500\n0027\n$/);
  });

  test('has the OOM score that it can be given, with users of its own as well', () => {
    const bundle = bench.bundle('cat /proc/self/oom_score_adj', (config) => {
      config.process.oomScoreAdj = -500;
      config.linux.namespaces.push({ type: 'user' });
      const map = [{ containerID: 0, hostID: 100_000, size: 1000 }];
      Object.assign(config.linux, { uidMappings: map, gidMappings: map });
    });
    const { code, stdout, stderr } = bench.run(bundle);
    const able = (availableCapabilities() >> BigInt(CAP.CAP_SYS_RESOURCE)) % 2n === 1n;
    const own = readFileSync('/proc/self/oom_score_adj', 'utf8');
    expect({ code, stdout }).toEqual({ code: 0, stdout: able ? '-500\n' : own });
    expect(stderr.includes(`the OOM score adjustment is ${own.trim()} and not -500`)).toBe(!able);
  });

  test('has the capabilities of all five sets, as another user', () => {
    const bundle = bench.bundle(
      'grep Cap /proc/self/status; grep NoNewPrivs /proc/self/status; id',
      (config) => {
        const sets = ['CAP_NET_BIND_SERVICE'];
        config.process.user = { uid: 5, gid: 6, additionalGids: [7, 8] };
        config.process.noNewPrivileges = true;
        config.process.capabilities = {
          bounding: ['CAP_NET_BIND_SERVICE', 'CAP_KILL'],
          effective: sets,
          permitted: sets,
          inheritable: sets,
          ambient: sets,
        };
      },
    );
    expect(bench.run(bundle).stdout).toBe(
      [
        'CapInh:\t0000000000000400',
        'CapPrm:\t0000000000000400',
        'CapEff:\t0000000000000400',
        'CapBnd:\t0000000000000420',
        'CapAmb:\t0000000000000400',
        'NoNewPrivs:\t1',
        'uid=5 gid=6 groups=7,8',
        '',
      ].join('\n'),
    );
  });

  test('gets preserved descriptors, and no others', () => {
    const bundle = bench.bundle('cat <&3; cat <&4; ls /proc/self/fd');
    const file = join(bundle, 'file');
    writeFileSync(file, 'third\n');
    const [node, words] = bench.command(['run', '--preserve-fds', '2', '--bundle', bundle, 'fds']);
    const script = 'exec 3< "$F" 4< /etc/hostname 5< "$F"; exec "$@"';
    const { stdout } = spawnSync('sh', ['-c', script, 'sh', node, ...words], {
      env: { ...process.env, F: file },
      encoding: 'utf8',
    });
    // 5 is the directory that ls reads.
    expect(stdout).toBe(`third\n${readFileSync('/etc/hostname', 'utf8')}0\n1\n2\n3\n4\n5\n`);
  });

  test('starts with half a megabyte of memory', () => {
    const bundle = bench.bundle('echo enough', (config) => {
      config.linux.resources.memory = { limit: 512 * 1024 };
    });
    expect(bench.run(bundle)).toMatchObject({ code: 0, stdout: 'enough\n' });
  });

  test('that joins runs on its processors', () => {
    const bundle = bench.bundle('sleep 100', (config) => {
      config.process.execCPUAffinity = { final: '0' };
    });
    const id = bench.create(bundle);
    bench.must(['start', id]);
    const { stdout } = bench.sync(['exec', id, 'grep', 'Cpus_allowed_list', '/proc/self/status']);
    expect(stdout).toBe('Cpus_allowed_list:\t0\n');
    bench.must(['delete', '--force', id]);
  });
});

describe('a terminal', () => {
  test('is given to the console socket, with its size', async () => {
    const bundle = bench.bundle(
      'tty; stty size; read line; echo "got $line"; stat -c %a:%t:%T /dev/console',
      (config) => {
        config.process.terminal = true;
        config.process.consoleSize = { height: 30, width: 90 };
      },
    );
    const path = join(bundle, 'console.sock');
    const server = listen(path);
    const id = bench.create(bundle, '--console-socket', path);
    using connection = server.accept();
    const master = receiveFds(connection.fd)?.fds[0];
    server.close();
    expect(master).toBeDefined();
    using terminal = master!;
    expect(getWindowSize(terminal.fd)).toEqual({ rows: 30, columns: 90 });
    bench.must(['start', id]);
    setNonblocking(terminal.fd, true);
    let said = '';
    const read = (): string => {
      try {
        said += readAvailable(terminal.fd, 4096)?.toString() ?? '';
      } catch {
        // EIO: the terminal was closed by the last process.
      }
      return said;
    };
    await until(() => read().includes('30 90'), 'the size');
    syscall('write', 'write', terminal.fd, Buffer.from('words\n'), 6);
    await until(() => /\d+:88:0/.test(read()), 'the console');
    expect(said).toContain('/dev/pts/0\r\n');
    expect(said).toContain('got words\r\n');
    bench.must(['delete', '--force', id]);
  });

  test('without a socket is refused, as is a socket without one', () => {
    const bundle = bench.bundle('true', (config) => (config.process.terminal = true));
    expect(bench.sync(['create', '--bundle', bundle, 'tty'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--console-socket'),
    });
    const plain = bench.bundle('true');
    expect(bench.sync(['create', '--console-socket', '/nowhere', '--bundle', plain, 'no-tty'])).toMatchObject(
      {
        code: 1,
        stderr: expect.stringContaining('has no terminal'),
      },
    );
    expect(bench.must(['list', '--quiet'])).toBe('');
  });
});

describe('a pidfd socket', () => {
  test('is sent a descriptor of the first process', async () => {
    const bundle = bench.bundle('sleep 100');
    const path = join(bundle, 'pidfd.sock');
    const server = listen(path);
    const id = bench.create(bundle, '--pidfd-socket', path);
    using connection = server.accept();
    using pidfd = receiveFds(connection.fd)!.fds[0]!;
    server.close();
    const { pid } = bench.state(id);
    expect(readFileSync(`/proc/self/fdinfo/${pidfd.fd}`, 'utf8')).toContain(`Pid:\t${pid}\n`);
    bench.must(['delete', '--force', id]);
  });
});

describe('a seccomp listener', () => {
  test('is given to the agent, with the state of the container', async () => {
    const path = join(bench.directory, 'agent.sock');
    const bundle = bench.bundle('mkdir /tmp/asked; echo "status $?"', (config) => {
      config.root.readonly = false;
      config.linux.seccomp = {
        defaultAction: 'SCMP_ACT_ALLOW',
        listenerPath: path,
        listenerMetadata: 'about it',
        syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_NOTIFY' }],
      };
    });
    const server = listen(path);
    const child = bench.spawn(['run', '--bundle', bundle, 'notified']);
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until(() => pending(server), 'the agent to be called');
    using connection = server.accept();
    const message = receiveFds(connection.fd, { maxBytes: 65_536 })!;
    using listener = message.fds[0]!;
    expect(JSON.parse(message.data.toString())).toMatchObject({
      fds: ['seccompFd'],
      metadata: 'about it',
      state: { id: 'notified', status: 'creating', bundle },
    });
    const { answerNotification, receiveNotification } = await import('@ns/seccomp');
    await until(() => readable(listener.fd), 'a call');
    const call = receiveNotification(listener.fd)!;
    answerNotification(listener.fd, call.id, { errno: 13 });
    expect(await ended).toBe(0);
    expect(said).toContain('status 1');
    server.close();
  });
});

test('a listener that would be asked for its own handing over is refused', () => {
  const bundle = bench.bundle('true', (config) => {
    config.linux.seccomp = {
      defaultAction: 'SCMP_ACT_ALLOW',
      listenerPath: '/nowhere',
      syscalls: [{ names: ['sendmsg'], action: 'SCMP_ACT_NOTIFY' }],
    };
  });
  expect(bench.run(bundle)).toMatchObject({ code: 1, stderr: expect.stringContaining('for sendmsg') });
  expect(bench.must(['list', '--quiet'])).toBe('');
});

const pending = ({ fd }: { readonly fd: number }): boolean => readable(fd);

function readable(fd: number): boolean {
  const poll = Buffer.alloc(8);
  poll.writeInt32LE(fd, 0);
  poll.writeInt16LE(1, 4);
  return syscall('poll', 'ppoll', poll, 1, Buffer.alloc(16), null, 0) === 1;
}

describe('a terminal of ours', () => {
  test(
    'is connected with that of the container, which has its size from the beginning',
    needs({
      name: 'the command script',
      missing: () => (which('script') === undefined ? 'script is not installed' : undefined),
      package: 'bsdutils',
    }),
    () => {
      const bundle = bench.bundle('stty size; read line; echo "got $line"; exit 5', (config) => {
        config.process.terminal = true;
      });
      const [node, words] = bench.command(['run', '--bundle', bundle, 'connected']);
      const command = `stty rows 33 cols 77; ${[node, ...words].join(' ')}; echo status $?`;
      // What is typed waits in the terminal until somebody reads it.
      const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
        encoding: 'utf8',
        input: 'typed\n',
        timeout: 50_000,
      });
      expect(stdout.replaceAll('\r', '')).toMatch(/33 77\n/);
      expect(stdout.replaceAll('\r', '')).toMatch(/got typed\nstatus 5\n/);
    },
  );
});
