import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { Netns } from './netns.js';
import { RealDaemon } from './real-daemon.js';

const FIRST = 300_000;

describe(
  '--userns-remap',
  needs('linux', 'root', 'unshare', 'ip', 'busybox', 'overlayfs', 'docker-cli', 'user-namespaces'),
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'ns-remap-'));
    let host: Netns;
    let daemon: RealDaemon;
    beforeAll(async () => {
      host = await Netns.make();
      // The daemon sees files of its own: those of the machine are left alone.
      for (const name of ['subuid', 'subgid'])
        writeFileSync(join(directory, name), `dockremap:${FIRST}:65536\n`);
      const script = `for f in subuid subgid; do mount --bind ${directory}/$f /etc/$f; done; exec "$@"`;
      const wrapper = ['unshare', '--mount', 'sh', '-c', script, 'sh'];
      daemon = await RealDaemon.start({ netns: host.pid, wrapper }, '--userns-remap', 'default');
      await daemon.importBusybox();
    }, 120_000);
    afterEach(async () => {
      const { stdout } = await daemon.docker('ps', '-aq');
      for (const id of stdout.split('\n').filter((line) => line !== '')) await docker('rm', '-fv', id);
    });
    afterAll(async () => {
      await daemon?.[Symbol.asyncDispose]();
      await host?.[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    });
    const docker = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await daemon.docker(...args);
      if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
      return stdout.trim();
    };
    const refused = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await daemon.docker('run', '--rm', ...args, 'busybox', 'true');
      expect(code).toBe(125);
      return stderr;
    };
    const pidOf = async (name: string): Promise<string> => docker('inspect', '-f', '{{.State.Pid}}', name);

    it('is told by info', async () => {
      expect(await docker('info', '-f', '{{.SecurityOptions}}')).toContain('name=userns');
    });

    it('makes root of a container somebody else on the host, with files of its own', async () => {
      await docker('run', '-d', '--name', 'one', '-p', '8080:80', 'busybox', 'sleep', '1000');
      const pid = await pidOf('one');
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      expect(status).toMatch(new RegExp(`^Uid:\t${FIRST}\t`, 'm'));
      expect(status).toMatch(new RegExp(`^Gid:\t${FIRST}\t`, 'm'));
      expect(readFileSync(`/proc/${pid}/uid_map`, 'utf8').trim().split(/\s+/)).toEqual([
        '0',
        `${FIRST}`,
        '65536',
      ]);
      const script = `id -u; stat -c %u /bin/busybox /etc /etc/hosts; echo me > /file; echo x >> /etc/hosts;
        touch /dev/shm/x && ip link set lo up && hostname other; stat -c %u /file`;
      expect((await docker('exec', 'one', 'sh', '-c', script)).split('\n')).toEqual([
        '0',
        '0',
        '0',
        '0',
        '0',
      ]);
      expect(await docker('exec', '-u', 'app', 'one', 'id', '-u')).toBe('1000');
      // On the host.
      const containers = join(daemon.directory, 'data/images');
      const found = readdirSync(containers, { recursive: true, encoding: 'utf8' }).filter((path) =>
        path.endsWith('upper/file'),
      );
      expect(found.length).toBe(1);
      expect(statSync(join(containers, found[0]!)).uid).toBe(FIRST);
      const layers = readdirSync(containers, { recursive: true, encoding: 'utf8' }).filter((path) =>
        path.endsWith('bin/busybox'),
      );
      // One layer, which is root's, for all containers.
      expect(layers.map((path) => statSync(join(containers, path)).uid)).toEqual([0]);
    });

    it('keeps root of a container from what is the host’s', async () => {
      const secret = join(directory, 'secret');
      writeFileSync(secret, 'secret\n', { mode: 0o600 });
      const script = `cat /secret; mknod /node c 1 3; echo 1 > /proc/sys/kernel/panic_on_oops; mount -t tmpfs none /tmp`;
      const { stdout, stderr } = await daemon.docker(
        'run',
        '--rm',
        '-v',
        `${secret}:/secret`,
        'busybox',
        'sh',
        '-c',
        script,
      );
      expect(stdout).toBe('');
      expect(stderr).toContain("can't open '/secret': Permission denied");
      expect(stderr).toContain('mknod: /node: Operation not permitted');
    });

    it('--userns=host opts out', async () => {
      await docker('run', '-d', '--name', 'own', '--userns', 'host', 'busybox', 'sleep', '1000');
      expect(readFileSync(`/proc/${await pidOf('own')}/status`, 'utf8')).toMatch(/^Uid:\t0\t/m);
      expect(await docker('run', '--rm', '--userns', 'host', '--privileged', 'busybox', 'id', '-u')).toBe(
        '0',
      );
    });

    it('refuses what cannot be, in Docker’s words', async () => {
      expect(await refused('--privileged')).toContain('privileged mode is incompatible with user namespaces');
      expect(await refused('--network', 'host')).toContain(
        "cannot share the host's network namespace when user",
      );
      expect(await refused('--runtime', 'chroot')).toContain('driver chroot has no user namespaces');
      expect(await refused('--pid', 'host')).toContain('cannot share the host PID namespace when user');
      await docker('run', '-d', '--name', 'one', 'busybox', 'sleep', '1000');
      expect(await refused('--pid', 'container:one')).toContain('and have a network of its own');
      await docker('run', '-d', '--name', 'own', '--userns', 'host', 'busybox', 'sleep', '1000');
      expect(await refused('--network', 'container:own')).toContain('whose user namespace has other ids');
    });

    it('shares a network with a container of the same ids', async () => {
      await docker('run', '-d', '--name', 'one', 'busybox', 'sleep', '1000');
      const net = ['--network', 'container:one'];
      const script = 'id -u; ip link set lo down && ip link set lo up && echo managed';
      const text = await docker(
        'run',
        '--rm',
        ...net,
        '--cap-add',
        'NET_ADMIN',
        'busybox',
        'sh',
        '-c',
        script,
      );
      expect(text).toBe('0\nmanaged');
      expect(
        await docker(
          'run',
          '--rm',
          '--pid',
          'container:one',
          '--network',
          'none',
          'busybox',
          'sh',
          '-c',
          'cat /proc/1/cmdline',
        ),
      ).toContain('sleep');
    });

    it('gives volumes to root of the container, and leaves directories of the host alone', async () => {
      const bound = join(directory, 'bound');
      mkdirSync(bound);
      const script = 'stat -c %u /var /vol /made /bound; echo hello > /vol/file';
      const text = await docker(
        'run',
        '--rm',
        '-v',
        '/var',
        '-v',
        '/vol',
        '-v',
        `${directory}/deep/made:/made`,
        '-v',
        `${bound}:/bound`,
        'busybox',
        'sh',
        '-c',
        script,
      );
      expect(text.split('\n')).toEqual(['0', '0', '0', '65534']);
      expect(statSync(join(directory, 'deep')).uid).toBe(FIRST);
    });

    it('is kept by containers when the daemon has other flags', async () => {
      await docker('run', '-d', '--name', 'kept', 'busybox', 'sleep', '1000');
      await daemon.end('SIGKILL');
      await daemon.start();
      expect(await docker('info', '-f', '{{.SecurityOptions}}')).not.toContain('name=userns');
      expect(await docker('exec', 'kept', 'sh', '-c', 'echo > /again; stat -c %u /again')).toBe('0');
      await docker('restart', '-t', '0', 'kept');
      expect(readFileSync(`/proc/${await pidOf('kept')}/status`, 'utf8')).toMatch(
        new RegExp(`^Uid:\t${FIRST}\t`, 'm'),
      );
      expect(await docker('exec', 'kept', 'stat', '-c', '%u', '/again')).toBe('0');
      await docker('network', 'create', 'late');
      await docker('network', 'connect', 'late', 'kept');
      expect(await docker('exec', 'kept', 'ip', '-o', '-4', 'address', 'show', 'eth1')).toContain('inet');
      await daemon.end('SIGTERM');
      await daemon.start('--userns-remap', 'default');
    }, 120_000);

    it('is refused for a user who has nothing to give', async () => {
      const other = daemon.spawn(['--userns-remap', 'root'], { stdio: ['ignore', 'ignore', 'pipe'] });
      let text = '';
      for await (const chunk of other.stderr!) text += String(chunk);
      expect(text).toContain('/etc/subuid gives root no ids for containers');
    });
  },
);
