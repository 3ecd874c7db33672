import { needs } from '@ns/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { until } from './harness.js';
import { Netns } from './netns.js';
import { RealDaemon } from './real-daemon.js';

describe(
  'the default network',
  needs('linux', 'root', 'unshare', 'ip', 'busybox', 'overlayfs', 'docker-cli'),
  () => {
    let host: Netns;
    let daemon: RealDaemon;
    beforeAll(async () => {
      host = await Netns.make();
      daemon = await RealDaemon.start(host.pid);
      await daemon.importBusybox();
    }, 60_000);
    afterAll(async () => {
      await daemon?.[Symbol.asyncDispose]();
      await host?.[Symbol.asyncDispose]();
    });
    const docker = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await daemon.docker(...args);
      if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
      return stdout.trim();
    };

    it('is not made before a container needs it', async () => {
      expect(await host.run('ip', '-o', 'link')).not.toContain('ns0');
    });

    it('gives containers addresses, with which they reach the gateway and each other', async () => {
      await docker('run', '-d', '--name', 'one', 'busybox', 'sleep', '1000');
      const script =
        'ip -o -4 addr show eth0; ip route; ping -c 1 -W 2 172.17.0.1; ping -c 1 -W 2 172.17.0.2';
      const text = await docker('run', '--rm', 'busybox', 'sh', '-c', script);
      expect(text).toContain('inet 172.17.0.3/16 brd 172.17.255.255');
      expect(text).toContain('default via 172.17.0.1 dev eth0');
      expect(text.match(/1 packets received/g)).toHaveLength(2);
      await docker('rm', '-f', 'one');
      await until('the links are gone', async () => !(await host.run('ip', '-o', 'link')).includes('veth'));
    });
  },
);
