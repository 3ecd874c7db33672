import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { until } from './harness.js';
import { Netns } from './netns.js';
import { RealDaemon } from './real-daemon.js';

describe(
  'containers of other drivers',
  needs('linux', 'root', 'unshare', 'ip', 'busybox', 'overlayfs', 'docker-cli', 'crun'),
  () => {
    let host: Netns;
    let daemon: RealDaemon;
    beforeAll(async () => {
      host = await Netns.make();
      daemon = await RealDaemon.start(host.pid, '--add-runtime', 'mine=/usr/bin/crun');
      await daemon.importBusybox();
    }, 60_000);
    afterEach(async () => {
      const { stdout } = await daemon.docker('ps', '-aq');
      for (const id of stdout.split('\n').filter((line) => line !== '')) await docker('rm', '-f', id);
    });
    afterAll(async () => {
      await daemon?.[Symbol.asyncDispose]();
      await host?.[Symbol.asyncDispose]();
    });
    const docker = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await daemon.docker(...args);
      if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
      return stdout.trim();
    };

    it('are told by docker info', async () => {
      expect(
        (await docker('info', '-f', '{{range $name, $_ := .Runtimes}}{{$name}} {{end}}')).split(' '),
      ).toEqual(expect.arrayContaining(['native', 'crun', 'mine', 'chroot']));
      expect(await docker('info', '-f', '{{.DefaultRuntime}}')).toBe('native');
    });

    it('crun: output, exit code, network, exec, stop; adopted by the next daemon', async () => {
      const { code, stdout, stderr } = await daemon.docker(
        'run',
        '--rm',
        '--runtime',
        'crun',
        'busybox',
        'sh',
        '-c',
        'id -u; exit 7',
      );
      expect([code, stdout, stderr]).toEqual([7, '0\n', '']);
      const serve = 'trap "exit 5" TERM; while :; do echo web | nc -l -p 80 & wait; done';
      await docker(
        'run',
        '-d',
        '--name',
        'web',
        '--runtime',
        'mine',
        '-p',
        '8080:80',
        '-m',
        '64m',
        'busybox',
        'sh',
        '-c',
        serve,
      );
      const answers = (): Promise<void> =>
        until(
          'it answers',
          async () => (await host.sh('busybox nc -w 2 127.0.0.1 8080 </dev/null')).stdout === 'web\n',
        );
      await answers();
      expect(await docker('exec', 'web', 'cat', '/proc/1/comm')).toBe('sh');
      expect(await docker('inspect', '-f', '{{.HostConfig.Runtime}}', 'web')).toBe('mine');
      const pid = await docker('inspect', '-f', '{{.State.Pid}}', 'web');
      await daemon.end('SIGKILL');
      // Without its driver a container is left alone, with its address and port.
      await daemon.start();
      expect(daemon.log).toContain('start ns-daemon with its driver mine to take it up');
      expect(existsSync(`/proc/${pid}`)).toBe(true);
      await answers();
      await daemon.end('SIGTERM');
      await daemon.start('--add-runtime', 'mine=/usr/bin/crun');
      expect(await docker('ps', '--format', '{{.Names}} {{.State}}')).toBe('web running');
      await answers();
      expect(await docker('stats', '--no-stream', '--format', '{{.MemUsage}}', 'web')).toContain('64MiB');
      await docker('stop', '-t', '5', 'web');
      expect(await docker('inspect', '-f', '{{.State.ExitCode}}', 'web')).toBe('5');
      await docker('start', 'web');
      await answers();
    }, 120_000);

    it('chroot: shares all but the root, and says so', async () => {
      const { stdout, stderr, code } = await daemon.docker(
        'run',
        '--rm',
        '--runtime',
        'chroot',
        'busybox',
        'sh',
        '-c',
        'ls /bin/busybox; hostname',
      );
      expect([code, stdout]).toEqual([
        0,
        `/bin/busybox\n${readFileSync('/proc/sys/kernel/hostname', 'utf8')}`,
      ]);
      expect(stderr).toContain("Driver chroot: the container is in the host's");
      const refused = await daemon.docker(
        'run',
        '--rm',
        '--runtime',
        'chroot',
        '-p',
        '80:80',
        '--network',
        'bridge',
        'busybox',
        'true',
      );
      expect(refused.code).toBe(125);
      expect(refused.stderr).toContain('driver chroot');
    });

    it('that do not work here, or are not there, are refused', async () => {
      const unknown = await daemon.docker('run', '--rm', '--runtime', 'nope', 'busybox', 'true');
      expect(unknown).toMatchObject({
        code: 125,
        stderr: expect.stringContaining('invalid runtime name: nope'),
      });
      const native = await daemon.client
        .containerCreate({
          Image: 'busybox',
          HostConfig: { LxcConf: [{ Key: 'lxc.x', Value: 'y' }] },
        })
        .then(() => '', String);
      expect(native).toContain('driver native');
      expect(existsSync(join(daemon.directory, 'exec/drivers/nope'))).toBe(false);
    });
  },
);
