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
    }, 120_000);

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
    }, 120_000);

    it('--icc=false lets linked containers reach the ports that are exposed, and no other', async () => {
      await using m = await machine(['--icc=false', '--bip', '172.17.0.1/16']);
      const serve = 'for p in 80 81; do (while :; do echo port $p | nc -l -p $p; done) & done; wait';
      const server = async (): Promise<void> => {
        await m.docker('run', '-d', '--name', 'db', '--expose', '80', 'busybox', 'sh', '-c', serve);
      };
      await server();
      await m.docker('run', '-d', '--name', 'web', '--link', 'db:sql', 'busybox', 'sleep', '1000');
      await m.docker('run', '-d', '--name', 'other', 'busybox', 'sleep', '1000');
      const ask = async (from: string, port: number, host = '172.17.0.2'): Promise<string> =>
        (await m.daemon.docker('exec', from, 'sh', '-c', `nc -w 1 ${host} ${port} </dev/null`)).stdout;
      await until('it answers', async () => (await ask('web', 80, 'sql')) === 'port 80\n', 10_000);
      expect(await ask('web', 81)).toBe('');
      expect(await ask('other', 80)).toBe('');
      // Not the other way round.
      await m.docker('exec', '-d', 'web', 'sh', '-c', 'echo web | nc -l -p 80');
      expect(await ask('db', 80, '172.17.0.3')).toBe('');
      // Another daemon knows of it, and puts it right after a flush.
      await m.daemon.end('SIGKILL');
      await m.host.run('nft', 'flush', 'ruleset');
      await m.daemon.start('--icc=false', '--bip', '172.17.0.1/16');
      await until('it answers again', async () => (await ask('web', 80)) === 'port 80\n', 10_000);
      expect(await ask('other', 80)).toBe('');
      // Its address is another's when it is gone.
      await m.docker('rm', '-f', 'db');
      await m.docker(
        'run',
        '-d',
        '--name',
        'heir',
        '--expose',
        '80',
        '--ip',
        '172.17.0.2',
        'busybox',
        'sh',
        '-c',
        serve,
      );
      expect(await m.docker('inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'heir')).toBe('172.17.0.2');
      expect(await m.docker('exec', 'heir', 'sh', '-c', 'nc -w 1 127.0.0.1 80 </dev/null')).toBe('port 80');
      expect(await ask('web', 80)).toBe('');
      await m.docker('rm', '-f', 'web');
      expect(await m.host.run('nft', 'list', 'set', 'inet', 'ns', 'links4')).not.toContain('172.17.0.2');
    }, 120_000);

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
    }, 120_000);

    it('a machine that is told to explain has nothing made', async () => {
      await using m = await machine([]);
      const text = await m.daemon.client.explainText({ Image: 'busybox', Cmd: ['true'] });
      expect(text).toContain('add address 172.17.0.2/16 to eth0');
      expect(await m.host.run('ip', '-o', 'link')).not.toContain('ns0');
      expect(await m.host.run('nft', 'list', 'ruleset')).toBe('');
    }, 120_000);
  },
);
