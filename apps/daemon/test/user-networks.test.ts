import { needs } from '@ns/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { until } from './harness.js';
import { Netns } from './netns.js';
import { RealDaemon } from './real-daemon.js';

const FLAGS = ['--dns', '192.0.2.53', '--bip', '172.17.0.1/16'];

describe(
  'networks of users',
  needs('linux', 'root', 'unshare', 'ip', 'nft', 'busybox', 'overlayfs', 'docker-cli'),
  () => {
    let host: Netns;
    let daemon: RealDaemon;
    beforeAll(async () => {
      host = await Netns.make();
      // A route of the host's, around which subnets are chosen.
      await host.run('ip', 'link', 'add', 'lan0', 'type', 'bridge');
      await host.run('ip', 'address', 'add', '172.18.5.1/24', 'dev', 'lan0');
      await host.run('ip', 'link', 'set', 'lan0', 'up');
      daemon = await RealDaemon.start(host.pid, ...FLAGS);
      await daemon.importBusybox();
    }, 120_000);
    afterEach(async () => {
      const { stdout } = await daemon.docker('ps', '-aq');
      for (const id of stdout.split('\n').filter((line) => line !== '')) await docker('rm', '-f', id);
      await docker('network', 'prune', '-f');
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
    const refused = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await daemon.docker(...args);
      expect(code).not.toBe(0);
      return stderr;
    };
    const sleeper = (...args: string[]): Promise<string> =>
      docker('run', '-d', ...args, 'busybox', 'sleep', '100');
    const pings = async (from: string, name: string): Promise<boolean> =>
      (await daemon.docker('exec', from, 'ping', '-c', '1', '-W', '1', name)).code === 0;

    it('have containers that find each other by name, apart from other networks', async () => {
      await docker('network', 'create', '--label', 'of=test', 'blue');
      await docker('network', 'create', 'red');
      await sleeper('--name', 'anna', '--network', 'blue', '--network-alias', 'api');
      await sleeper('--name', 'bert', '--network', 'blue');
      await sleeper('--name', 'carl', '--network', 'red');
      expect(await pings('bert', 'anna')).toBe(true);
      expect(await pings('bert', 'api')).toBe(true);
      // It came later.
      expect(await pings('anna', 'bert')).toBe(true);
      const other = await docker('inspect', '-f', '{{.NetworkSettings.Networks.red.IPAddress}}', 'carl');
      expect(await pings('anna', other)).toBe(false);
      expect(await pings('anna', 'carl')).toBe(false);
      await docker('rm', '-f', 'bert');
      expect(await docker('exec', 'anna', 'cat', '/etc/hosts')).not.toContain('\tbert ');
      const subnets = await docker(
        'network',
        'inspect',
        '-f',
        '{{(index .IPAM.Config 0).Subnet}}',
        'blue',
        'red',
      );
      // 172.18 is the host's; 172.17 may be the default network's.
      expect(subnets).not.toContain('172.18.');
    });

    it('are listed, kept by the daemon, and removed with their bridges', async () => {
      const id = await docker(
        'network',
        'create',
        '--subnet',
        '10.99.0.0/24',
        '--gateway',
        '10.99.0.254',
        'green',
      );
      expect(
        (await docker('network', 'ls', '--format', '{{.Name}} {{.Driver}}')).split('\n').toSorted(),
      ).toEqual(['bridge bridge', 'green bridge', 'host host', 'none null']);
      await sleeper(
        '--name',
        'fixed',
        '--network',
        'green',
        '--ip',
        '10.99.0.77',
        '--mac-address',
        '02:42:00:00:00:77',
      );
      expect(await docker('exec', 'fixed', 'ip', 'route')).toContain('default via 10.99.0.254');
      expect(await docker('exec', 'fixed', 'ip', 'address')).toMatch(
        /02:42:00:00:00:77[^]*10\.99\.0\.77\/24/,
      );
      expect(await refused('run', '--network', 'green', '--ip', '10.99.0.77', 'busybox', 'true')).toContain(
        '10.99.0.77',
      );
      expect(await refused('run', '--network', 'green', '--ip', '10.98.0.1', 'busybox', 'true')).toContain(
        '10.98.0.1',
      );
      expect(await refused('network', 'rm', 'green')).toContain('has active endpoints');
      expect(await refused('network', 'create', '--subnet', '10.99.0.128/25', 'x')).toContain('overlaps');
      expect(await refused('network', 'create', 'green')).toContain('already exists');
      expect(await refused('network', 'rm', 'bridge')).toContain('pre-defined network');
      await daemon.end('SIGKILL');
      await daemon.start(...FLAGS);
      expect(await docker('network', 'inspect', '-f', '{{.Id}} {{len .Containers}}', 'green')).toBe(
        `${id} 1`,
      );
      await docker('rm', '-f', 'fixed');
      await docker('network', 'rm', 'green');
      expect(await host.run('ip', '-o', 'link')).not.toContain('br-');
      expect(await refused('run', '--network', 'green', 'busybox', 'true')).toContain(
        'network green not found',
      );
    });

    it('that are internal have no way out', async () => {
      await docker('network', 'create', '--internal', 'inside');
      await sleeper('--name', 'in', '--network', 'inside');
      expect(await docker('exec', 'in', 'ip', 'route')).not.toContain('default');
    });

    it('have IPv6', async () => {
      await docker('network', 'create', '--ipv6', '--subnet', 'fd00:99::/64', 'six');
      await sleeper('--name', 'one', '--network', 'six', '--ip6', 'fd00:99::aa');
      const script = 'ip -6 address show eth0; ping -6 -c 1 -W 2 fd00:99::aa';
      const text = await docker('run', '--rm', '--network', 'six', 'busybox', 'sh', '-c', script);
      expect(text).toContain('fd00:99::2/64');
      expect(text).toContain('1 packets received');
    });

    it('can be several for one container', async () => {
      await docker('network', 'create', 'blue');
      await docker('network', 'create', 'red');
      await docker('create', '--name', 'both', '--network', 'blue', 'busybox', 'sleep', '100');
      await docker('network', 'connect', 'red', 'both');
      await docker('start', 'both');
      const addresses = await docker('exec', 'both', 'ip', '-o', '-4', 'address');
      expect(addresses).toContain('eth0');
      expect(addresses).toContain('eth1');
    });

    it('come and go while a container runs, and outlive it', async () => {
      for (const name of ['blue', 'red']) await docker('network', 'create', name);
      await sleeper('--name', 'live', '-p', '8200:80');
      await sleeper('--name', 'peer', '--network', 'red');
      await docker('network', 'connect', '--alias', 'api', 'red', 'live');
      expect(await docker('exec', 'live', 'ip', '-o', '-4', 'address', 'show', 'eth1')).toContain('inet ');
      expect(await pings('live', 'peer')).toBe(true);
      expect(await pings('peer', 'api')).toBe(true);
      expect(await refused('network', 'connect', 'red', 'live')).toContain('already exists in network red');
      // A daemon that is killed knows of it.
      await daemon.end('SIGKILL');
      await daemon.start(...FLAGS);
      expect(await pings('peer', 'live')).toBe(true);
      // The network of its mode: its port and its default route move to the other.
      expect(await docker('exec', 'live', 'ip', 'route')).toContain('default via 172.17.0.1 dev eth0');
      await docker('network', 'disconnect', 'bridge', 'live');
      const gateway = await docker('network', 'inspect', '-f', '{{(index .IPAM.Config 0).Gateway}}', 'red');
      expect(await docker('exec', 'live', 'ip', 'route')).toContain(`default via ${gateway} dev eth1`);
      expect(await docker('exec', 'live', 'ip', '-o', 'link')).not.toContain('eth0');
      await docker('exec', '-d', 'live', 'sh', '-c', 'while :; do echo moved | nc -l -p 80; done');
      await until('the port answers', async () =>
        (await host.sh('busybox nc -w 2 127.0.0.1 8200 </dev/null')).stdout.includes('moved'),
      );
      const names = '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}';
      expect(await docker('inspect', '-f', names, 'live')).toBe('red');
      await docker('restart', '-t', '0', 'live');
      expect(await docker('exec', 'live', 'ip', '-o', '-4', 'address')).not.toContain('172.17.');
      expect(await pings('live', 'peer')).toBe(true);
      // Another interface takes the free name, and the last network can go too.
      await docker('network', 'connect', '--ip', '172.17.0.77', 'bridge', 'live');
      await docker('network', 'connect', 'blue', 'live');
      expect(await docker('exec', 'live', 'ip', '-o', '-4', 'address')).toMatch(
        /eth1\s+inet 172\.17\.0\.77[^]*eth2/,
      );
      for (const name of ['red', 'bridge', 'blue']) await docker('network', 'disconnect', name, 'live');
      expect(await docker('exec', 'live', 'ip', '-o', 'link')).not.toContain('eth');
      expect(await docker('port', 'live')).toBe('');
      expect(await refused('network', 'disconnect', 'blue', 'live')).toContain(
        'is not connected to network blue',
      );
      expect(await docker('exec', 'peer', 'cat', '/etc/hosts')).not.toContain('live');
    }, 120_000);

    it('that cannot be joined leave a running container as it was', async () => {
      await docker('network', 'create', '--subnet', '10.44.0.0/29', 'small');
      await sleeper('--name', 'one', '--network', 'small', '--ip', '10.44.0.3');
      await sleeper('--name', 'two');
      const before = await docker('exec', 'two', 'ip', '-o', 'address');
      const links = await host.run('ip', '-o', 'link');
      expect(await refused('network', 'connect', '--ip', '10.44.0.3', 'small', 'two')).toContain('10.44.0.3');
      // The name of the interface is taken by one that the container made itself.
      await docker('run', '-d', '--name', 'own', '--cap-add', 'NET_ADMIN', 'busybox', 'sleep', '100');
      await docker('exec', 'own', 'ip', 'link', 'add', 'eth1', 'type', 'bridge');
      expect(await refused('network', 'connect', 'small', 'own')).toContain('EEXIST');
      expect(await docker('exec', 'two', 'ip', '-o', 'address')).toBe(before);
      await docker('rm', '-f', 'own');
      await until('the links are as before', async () => {
        const now = await host.run('ip', '-o', 'link');
        return now.split('\n').length === links.split('\n').length;
      });
      expect(await docker('network', 'inspect', '-f', '{{len .Containers}}', 'small')).toBe('1');
      await sleeper('--name', 'sleepless', '--network', 'none');
      expect(await refused('network', 'connect', 'small', 'sleepless')).toContain('private (none) mode');
    }, 120_000);

    it('the default one has links, with their variables, and name servers of the daemon', async () => {
      await docker(
        'run',
        '-d',
        '--name',
        'db',
        '--expose',
        '5432',
        '-e',
        'USER=me',
        'busybox',
        'sleep',
        '100',
      );
      const script = 'env; cat /etc/hosts /etc/resolv.conf; ping -c 1 -W 1 sql';
      const args = [
        '--rm',
        '--name',
        'web',
        '--link',
        'db:sql',
        '--add-host',
        'up:host-gateway',
        '--dns-search',
        'lan',
      ];
      const text = await docker('run', ...args, 'busybox', 'sh', '-c', script);
      const address = await docker('inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'db');
      expect(text).toContain(`SQL_PORT_5432_TCP=tcp://${address}:5432`);
      expect(text).toContain('SQL_NAME=/web/sql');
      expect(text).toContain('SQL_ENV_USER=me');
      expect(text).toMatch(new RegExp(`^${address}\tsql [0-9a-f]{12} db$`, 'm'));
      expect(text).toContain('172.17.0.1\tup');
      expect(text).toContain('nameserver 192.0.2.53\nsearch lan');
      expect(text).toContain('1 packets received');
      await docker('stop', '-t', '0', 'db');
      expect(await refused('run', '--link', 'db:sql', 'busybox', 'true')).toContain(
        'cannot link to a non running container',
      );
    });

    it('are told of by events', async () => {
      const since = String(Math.floor(Date.now() / 1000) - 1);
      await docker('network', 'create', 'told');
      await docker('run', '--rm', '--network', 'told', 'busybox', 'true');
      await until('it is gone', async () => (await docker('ps', '-aq')) === '');
      await docker('network', 'rm', 'told');
      const until_ = String(Math.floor(Date.now() / 1000) + 1);
      const format = '{{.Action}} {{.Actor.Attributes.name}}';
      const filters = [
        '--since',
        since,
        '--until',
        until_,
        '--filter',
        'type=network',
        '--filter',
        'network=told',
      ];
      expect((await docker('events', ...filters, '--format', format)).split('\n')).toEqual([
        'create told',
        'connect told',
        'disconnect told',
        'destroy told',
      ]);
    });

    it('containers share the network of another', async () => {
      await sleeper('--name', 'owner', '-h', 'owner');
      const address = await docker('inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'owner');
      const shared = await docker(
        'run',
        '--rm',
        '--network',
        'container:owner',
        'busybox',
        'sh',
        '-c',
        'ip -o -4 address; cat /etc/hosts',
      );
      expect(shared).toContain(address);
      expect(shared).toContain('\towner');
      expect(
        await refused('run', '-p', '80:80', '--network', 'container:owner', 'busybox', 'true'),
      ).toContain('conflicting options');
    });
  },
);
