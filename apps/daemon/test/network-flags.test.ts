import { needs } from '@ns/testing';
import { describe, expect, it } from 'vitest';

import { until } from './harness.js';
import { Netns } from './netns.js';
import { RealDaemon } from './real-daemon.js';

interface Machine extends AsyncDisposable {
  readonly host: Netns;
  readonly daemon: RealDaemon;
  readonly docker: (...args: string[]) => Promise<string>;
}

/** A machine of its own, with a daemon. @param prepare - Commands that are run before it starts. */
async function machine(flags: readonly string[], prepare: readonly string[] = []): Promise<Machine> {
  const stack = new AsyncDisposableStack();
  const host = stack.use(await Netns.make());
  for (const command of prepare) await host.run('sh', '-c', command);
  const daemon = stack.use(await RealDaemon.start(host.pid, ...flags));
  await daemon.importBusybox();
  return {
    host,
    daemon,
    async docker(...args) {
      const { code, stdout, stderr } = await daemon.docker(...args);
      if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
      return stdout.trim();
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

describe(
  'flags',
  needs('linux', 'root', 'unshare', 'ip', 'nft', 'busybox', 'overlayfs', 'docker-cli'),
  () => {
    it('--iptables=false makes no rule, and proxies serve the ports', async () => {
      await using m = await machine([
        '--iptables=false',
        '--bip',
        '10.66.0.1/24',
        '--ip',
        '127.0.0.1',
        '--mtu',
        '1400',
      ]);
      const tcp = 'while :; do echo tcp | nc -l -p 80; done';
      await m.docker(
        'run',
        '-d',
        '--name',
        'web',
        '-p',
        '8080:80',
        '-p',
        '5353:53/udp',
        'busybox',
        'sh',
        '-c',
        tcp,
      );
      expect((await m.docker('port', 'web')).split('\n').toSorted()).toEqual([
        '53/udp -> 127.0.0.1:5353',
        '80/tcp -> 127.0.0.1:8080',
      ]);
      await until('it answers', async () => {
        return (await m.host.sh('busybox nc -w 2 127.0.0.1 8080 </dev/null')).stdout === 'tcp\n';
      });
      expect(await m.host.run('ss', '-lnu')).toContain('127.0.0.1:5353');
      expect(await m.docker('exec', 'web', 'ip', 'address', 'show', 'eth0')).toMatch(
        /mtu 1400[^]*10\.66\.0\.2\/24/,
      );
      expect(await m.host.run('nft', 'list', 'ruleset')).toBe('');
    }, 60_000);

    it('--icc=false keeps containers apart, and a bridge of the user’s is used as it is', async () => {
      const prepare = [
        'ip link add own0 type bridge',
        'ip address add 10.77.0.9/24 dev own0',
        'ip link set own0 up',
      ];
      await using m = await machine(
        ['-b', 'own0', '--icc=false', '--default-ulimit', 'nofile=123:456'],
        prepare,
      );
      await m.docker('run', '-d', '--name', 'one', 'busybox', 'sleep', '100');
      const address = await m.docker('inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'one');
      const script = `ping -c 1 -W 1 10.77.0.9; ping -c 1 -W 1 ${address}; ulimit -n; ulimit -Hn`;
      const text = await m.docker('run', '--rm', 'busybox', 'sh', '-c', script);
      expect(text.match(/(\d) packets received/g)).toEqual(['1 packets received', '0 packets received']);
      expect(text.split('\n').slice(-2)).toEqual(['123', '456']);
      expect(await m.host.run('ip', '-o', 'link')).not.toContain('ns0');
    }, 60_000);

    it('-b of a bridge that is not there is said when a container needs it; -b none is no network', async () => {
      await using m = await machine(['-b', 'absent0']);
      const failed = await m.daemon.docker('run', 'busybox', 'true');
      expect(failed).toMatchObject({
        code: 125,
        stderr: expect.stringContaining('the bridge absent0 does not exist'),
      });
      await m.daemon.end('SIGTERM');
      await m.daemon.start('-b', 'none');
      expect(await m.docker('network', 'ls', '--format', '{{.Name}}')).toBe('host\nnone');
      expect(await m.docker('run', '--rm', 'busybox', 'ip', '-o', 'link')).not.toContain('eth0');
    }, 60_000);

    it('a machine that is told to explain has nothing made', async () => {
      await using m = await machine([]);
      const text = await m.daemon.client.explainText({ Image: 'busybox', Cmd: ['true'] });
      expect(text).toContain('add address 172.17.0.2/16 to eth0');
      expect(await m.host.run('ip', '-o', 'link')).not.toContain('ns0');
      expect(await m.host.run('nft', 'list', 'ruleset')).toBe('');
    }, 60_000);
  },
);
