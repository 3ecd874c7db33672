// needs: linux, root, unshare, overlayfs, mmdebstrap, debian-packages
import { createHash, randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { CommandOptions, Ended } from '../src/command.ts';
import { debianArchive } from '../src/debian.ts';
import { Engine, residentBytes, settled, type Traces } from '../src/engine.ts';

const MIB = 2 ** 20;
const BUILD_MS = 10 * 60_000;

let engine: Engine;
let before: Traces;

beforeAll(async () => {
  const archive = await debianArchive();
  engine = await Engine.start();
  await engine.out(['import', '--change', 'CMD ["bash"]', archive, 'debian:test'], { timeoutMs: 120_000 });
  // Whatever is opened with the first container.
  await engine.out(['run', '--rm', '--network=none', 'debian:test', 'true']);
  before = await engine.traces();
}, BUILD_MS);
afterAll(() => engine[Symbol.asyncDispose]());

/** Run a command line in the image. */
const run = (args: readonly string[], options?: CommandOptions): Promise<Ended> =>
  engine.ns(['run', '--rm', '--network=none', ...args], options);
const bash = (script: string, options?: CommandOptions): Promise<Ended> =>
  run(['debian:test', 'bash', '-c', script], options);

describe('in a Debian root file system', () => {
  it('bash is what runs by default, and reads its script from stdin', async () => {
    const stdin = 'cd /etc; echo "$PWD $BASHPID $(hostname | wc -c)"; echo oops >&2; exit 4';
    expect(await run(['-i', 'debian:test'], { stdin })).toEqual({
      status: 4,
      signal: null,
      stdout: '/etc 1 13\n',
      stderr: 'oops\n',
    });
  });

  it('bash has its pipes, process substitution, here documents, jobs and traps', async () => {
    const script = `
      set -o pipefail; trap 'echo bye' EXIT
      mapfile -t lines < <(printf '%s\\n' c a b | sort)
      echo "\${lines[*]} \${#lines[@]}"
      cat <<< "here $(cat <<X
document
X
)"
      false | true; echo "\${PIPESTATUS[*]} $?"
      sleep 0.1 & wait $!; echo "waited $?"
      kill -USR1 $BASHPID 2>/dev/null & trap 'echo usr1' USR1; kill -USR1 $$; wait
      diff <(echo 1) <(echo 1) && echo same
      exec 9> /dev/stderr; echo through nine >&9`;
    const { status, stdout, stderr } = await bash(script);
    expect(stdout).toBe('a b c 3\nhere document\n1 0 1\nwaited 0\nusr1\nsame\nbye\n');
    expect(stderr).toBe('through nine\n');
    expect(status).toBe(0);
  });

  it('apt-get and dpkg know their packages', async () => {
    const { status, stdout, stderr } = await bash(
      'apt-get --version | head -n1; dpkg -l | grep -c ^ii; apt-get check -q; apt-get -s remove -y --allow-remove-essential apt | tail -n1',
    );
    expect(stderr).toBe('');
    const [version, count, ...rest] = stdout.trim().split('\n');
    expect(version).toMatch(/^apt \d+\.\d+/);
    expect(Number(count)).toBeGreaterThan(60);
    expect(rest.at(-1)).toMatch(/^Remv apt /);
    expect(status).toBe(0);
  });

  it('apt-get installs a package without a network, it is there after a restart, and is purged', async () => {
    const build = `set -e
      mkdir -p /tmp/p/DEBIAN /tmp/p/usr/bin
      printf '%s\\n' 'Package: ns-greeting' 'Version: 1.0' 'Architecture: all' 'Maintainer: nobody <nobody@example.org>' \\
        'Depends: perl-base' 'Description: says hello' > /tmp/p/DEBIAN/control
      printf '#!/bin/sh\\nset -e\\nadduser --system greeter 2>/dev/null || useradd -r greeter\\n' > /tmp/p/DEBIAN/postinst
      printf '#!/usr/bin/perl\\nprint "hello from a package\\\\n";\\n' > /tmp/p/usr/bin/ns-greeting
      chmod 755 /tmp/p/DEBIAN/postinst /tmp/p/usr/bin/ns-greeting
      dpkg-deb --build /tmp/p /tmp/greeting.deb > /dev/null
      apt-get install -y --no-install-recommends /tmp/greeting.deb > /tmp/log 2>&1 || { cat /tmp/log; exit 1; }`;
    // The first run installs; every other run finds it.
    const script = `[ -e /usr/bin/ns-greeting ] || { ${build}\n}; ns-greeting; id -un greeter`;
    await engine.out(['create', '--name', 'apt', '--network=none', 'debian:test', 'bash', '-c', script]);
    for (const round of ['first', 'second']) {
      expect(await engine.ns('start -a apt'), round).toEqual({
        status: 0,
        signal: null,
        stdout: 'hello from a package\ngreeter\n',
        stderr: '',
      });
    }
    await engine.out('rm apt');
    // The image itself is as it was.
    expect((await bash('ls /usr/bin/ns-greeting')).status).toBe(2);
  });

  it('perl opens sockets, forks and reads what its child writes', async () => {
    const program = `use strict; use Socket; use POSIX ":sys_wait_h";
      socket(my $server, PF_INET, SOCK_STREAM, 0) or die "socket $!";
      bind($server, sockaddr_in(0, INADDR_LOOPBACK)) or die "bind $!"; listen($server, 1) or die;
      my ($port) = sockaddr_in(getsockname $server);
      my $pid = fork // die;
      if (!$pid) { socket(my $c, PF_INET, SOCK_STREAM, 0); connect($c, sockaddr_in($port, INADDR_LOOPBACK)) or die;
        syswrite $c, "over loopback"; exit 7 }
      accept(my $peer, $server) or die; sysread $peer, my $text, 100; waitpid $pid, 0;
      print "$text ", WEXITSTATUS($?), " ", join(",", map { $_ ** 2 } 1..3), "\\n";`;
    expect(await run(['debian:test', 'perl', '-e', program])).toEqual({
      status: 0,
      signal: null,
      stdout: 'over loopback 7 1,4,9\n',
      stderr: '',
    });
  });

  it('500 processes run at once, and each is waited for', async () => {
    const program = `$| = 1; pipe(my $r, my $w);
      for my $i (1..500) { my $p = fork // die "fork $i: $!"; if (!$p) { close $w; sysread $r, my $x, 1; exit $i % 100 } $own{$p} = $i % 100 }
      opendir my $d, "/proc"; print scalar(grep { /^\\d+$/ } readdir $d), "\\n";
      close $w; my $right = 0;
      while ((my $p = wait) > 0) { $right++ if $? >> 8 == $own{$p} }
      opendir $d, "/proc"; print "$right ", scalar(grep { /^\\d+$/ } readdir $d), "\\n";`;
    expect(await run(['debian:test', 'perl', '-e', program])).toEqual({
      status: 0,
      signal: null,
      stdout: '501\n500 1\n',
      stderr: '',
    });
  });

  it('500 children that nobody waits for end with their container', async () => {
    const { status, stdout } = await bash('for i in {1..500}; do sleep 1000 & done; jobs -p | wc -l');
    expect({ status, stdout }).toEqual({ status: 0, stdout: '500\n' });
    expect(await engine.settledTraces(before)).toEqual(before);
  });

  it('users are those of its own files', async () => {
    const who = async (user: string): Promise<string> =>
      (await run(['-u', user, '-w', '/made/for/it', 'debian:test', 'bash', '-c', 'id; pwd; echo $HOME']))
        .stdout;
    expect(await who('games')).toBe(
      'uid=5(games) gid=60(games) groups=60(games)\n/made/for/it\n/usr/games\n',
    );
    expect(await who('12345:games')).toBe('uid=12345 gid=60(games) groups=60(games)\n/made/for/it\n/\n');
  });
});

describe('streams', () => {
  it('64 MiB through stdin, to its end', async () => {
    const stdin = randomBytes(64 * MIB);
    const { status, stdout } = await run(['-i', 'debian:test', 'bash', '-c', 'cat | sha256sum'], { stdin });
    expect(stdout.split(' ')[0]).toBe(createHash('sha256').update(stdin).digest('hex'));
    expect(status).toBe(0);
  });

  it('1 GiB through stdout without loss, and without growth in memory', { timeout: 180_000 }, async () => {
    // Every line is different, so that none can be lost, doubled or out of its place.
    const writer = 'for my $i (1..131072) { print sprintf("%08d", $i) x 1023, "       \\n" }';
    const hash = createHash('sha256');
    const sizes = { bytes: 0, daemon: 0, client: 0 };
    const daemonBefore = engine.residentBytes;
    const running = engine.startNs(
      [
        'run',
        '--rm',
        '--network=none',
        'debian:test',
        'bash',
        '-c',
        `perl -e '${writer}' | tee >(sha256sum >&2)`,
      ],
      {
        timeoutMs: 170_000,
        onStdout: (chunk) => {
          hash.update(chunk);
          sizes.bytes += chunk.length;
        },
      },
    );
    const client = `/proc/${running.child.pid}/status`;
    let clientBefore = 0;
    const sampler = setInterval(() => {
      sizes.daemon = Math.max(sizes.daemon, engine.residentBytes);
      // A process that has ended has no memory, and the next moment no file that says so.
      if (running.child.exitCode !== null) return;
      const now = residentBytes(client);
      if (clientBefore === 0 && sizes.bytes > 0) clientBefore = now;
      sizes.client = Math.max(sizes.client, now);
    }, 50);
    const { status, stderr } = await running.ended;
    clearInterval(sampler);
    expect(sizes.bytes).toBe(1024 * MIB);
    expect(hash.digest('hex')).toBe(stderr.split(' ')[0]);
    expect(status).toBe(0);
    expect((sizes.daemon - daemonBefore) / MIB).toBeLessThan(64);
    expect((sizes.client - clientBefore) / MIB).toBeLessThan(64);
    expect((engine.residentBytes - daemonBefore) / MIB).toBeLessThan(64);
  });

  it('a reader that goes away ends the writer, and ns with it', async () => {
    const { status, stdout } = await run([
      'debian:test',
      'bash',
      '-c',
      'yes | head -n 3; echo "${PIPESTATUS[*]}"',
    ]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'y\ny\ny\n141 0\n' });
  });
});

describe('killed from outside', () => {
  const start = async (name: string): Promise<number> => {
    const script = 'sleep 1000 & echo up; wait';
    await engine.out(['run', '-d', '--name', name, '--network=none', 'debian:test', 'bash', '-c', script]);
    await settled(async () => (await engine.out(['logs', name])) === 'up', 'the container is up');
    return engine.pidOf(name);
  };

  it('process 1: the exit code is 137, for the one who waits and for the one who asks later', async () => {
    const pid = await start('victim');
    const waiting = engine.out('wait victim');
    await engine.sandbox.kill(pid);
    expect(await waiting).toBe('137');
    expect(await engine.inspect('victim', '{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}}')).toBe(
      'exited 137 0',
    );
    expect(await engine.out(['ps', '-a', '--format', '{{.Status}}'])).toMatch(/^Exited \(137\) /);
    await engine.out('rm victim');
    expect(await engine.settledTraces(before)).toEqual(before);
  });

  it('the monitor: the container ends too, which is told, and nothing is left', async () => {
    const pid = await start('orphan');
    const monitor = engine.sandbox.processes().find((process) => process.pid === pid)?.parent ?? 0;
    expect(monitor).toBeGreaterThan(1);
    const waiting = engine.out('wait orphan');
    await engine.sandbox.kill(monitor);
    expect(await waiting).toBe('137');
    expect(await engine.inspect('orphan', '{{.State.Status}} {{.State.Pid}}')).toBe('exited 0');
    // It can be started again.
    await engine.out('start orphan');
    expect(engine.sandbox.isAlive(await engine.pidOf('orphan'))).toBe(true);
    await engine.out('rm -f orphan');
    expect(await engine.settledTraces(before)).toEqual(before);
  });

  it('in the foreground: ns ends with 137', async () => {
    const running = engine.startNs(
      ['run', '--rm', '--name', 'front', '--network=none', 'debian:test'].concat(
        'bash',
        '-c',
        'echo up; sleep 1000',
      ),
    );
    await settled(() => running.stdout === 'up\n', 'the container is up');
    await engine.sandbox.kill(await engine.pidOf('front'));
    expect(await running.ended).toMatchObject({ status: 137, stdout: 'up\n' });
    expect(await engine.settledTraces(before)).toEqual(before);
  });
});

describe('what cannot be started says why, and leaves nothing', () => {
  it.each([
    [['debian:test', 'nosuch'], 127, /exec: "nosuch": executable file not found in \$PATH/],
    [['debian:test', '/usr/bin/nosuch'], 127, /"\/usr\/bin\/nosuch": .*no such file or directory/],
    [['debian:test', '/etc/passwd'], 126, /"\/etc\/passwd": permission denied/],
    [['debian:test', '/usr/bin'], 126, /"\/usr\/bin": .*(permission denied|is a directory)/],
    [['-u', 'games', 'debian:test', '/root/x'], 126, /"\/root\/x": permission denied/],
    [
      ['-u', 'nosuch', 'debian:test', 'true'],
      125,
      /unable to find user nosuch: no matching entries in passwd file/,
    ],
    [
      ['-u', '0:nosuch', 'debian:test', 'true'],
      125,
      /unable to find group nosuch: no matching entries in group file/,
    ],
    [['-w', '/etc/passwd', 'debian:test', 'true'], 125, /\/etc\/passwd.*[Nn]ot a directory/],
    [
      ['--mount', 'type=bind,src=/no/such,dst=/x', 'debian:test', 'true'],
      125,
      /source path does not exist: \/no\/such/,
    ],
    [['-v', '/tmp:/etc/passwd', 'debian:test', 'true'], 125, /\/etc\/passwd.*[Nn]ot a directory/],
    [
      ['-v', '/etc/passwd/x:/x', 'debian:test', 'true'],
      125,
      /source \/etc\/passwd\/x cannot be made: ENOTDIR/,
    ],
    [
      ['-v', '/etc/passwd:/etc', 'debian:test', 'true'],
      125,
      /mount on \/etc: .*\nhint: is the source a directory and the target a file/,
    ],
    [['--read-only', '-v', '/tmp:/not/there', 'debian:test', 'true'], 0, /^$/],
    [['debian:nosuch'], 125, /debian:nosuch/],
  ])('%j (%i)', async (args, status, message) => {
    const ended = await run(args);
    expect(ended.stderr).toMatch(message);
    expect(ended).toMatchObject({ status, stdout: '' });
    expect(await engine.settledTraces(before)).toEqual(before);
  });
});
