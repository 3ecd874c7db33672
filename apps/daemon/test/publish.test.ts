import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { needs } from '@ns/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { until } from './harness.js';
import { Netns } from './netns.js';
import { RealDaemon } from './real-daemon.js';

/** Answers every connection with what it was given, and the port of whoever asks does not matter. */
const serve = (answer: string, port = 80): string[] => [
  'sh',
  '-c',
  `while :; do echo ${answer} | nc -l -p ${port}; done`,
];

/** RFC 9260: INIT and INIT ACK, with their checksum (CRC32c), which translation has to renew. */
const SCTP = `import socket, struct
def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8): crc = (crc >> 1) ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff
def packet(source, destination, tag, chunk):
    head = struct.pack('!HHI', source, destination, tag)
    return head + struct.pack('<I', crc32c(head + bytes(4) + chunk)) + chunk
def init(kind): return struct.pack('!BBHIIHHI', kind, 0, 20, 7, 65536, 1, 1, 1)
def valid(data): return crc32c(data[:8] + bytes(4) + data[12:]) == struct.unpack('<I', data[8:12])[0]
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 132)
`;
const SCTP_SERVER = `${SCTP}
while True:
    data, (address, _) = s.recvfrom(1000)
    ip, data = data[:20], data[20:]
    source, destination = struct.unpack('!HH', data[:4])
    if data[12] != 1: continue
    if not valid(data): raise SystemExit('bad checksum')
    print('asked at', destination, flush=True)
    s.sendto(packet(destination, source, 7, init(2)), (address, 0))
    break
`;
const SCTP_CLIENT = `${SCTP}
s.sendto(packet(4001, 5400, 0, init(1)), ('192.0.2.1', 0))
while True:
    data = s.recv(1000)[20:]
    if data[12] != 2: continue
    print('answered from', struct.unpack('!H', data[:2])[0] if valid(data) else 'bad checksum')
    break
`;

describe(
  'published ports',
  needs('linux', 'root', 'unshare', 'ip', 'nft', 'busybox', 'overlayfs', 'docker-cli', 'python3'),
  () => {
    let host: Netns;
    let other: Netns;
    let daemon: RealDaemon;
    beforeAll(async () => {
      host = await Netns.make();
      other = await Netns.make();
      // Two machines on one cable; the second sends everything it does not know to the first, as an attacker would.
      await host.cable(other, '192.0.2.1/24', '192.0.2.2/24');
      await other.run('ip', 'route', 'add', 'default', 'via', '192.0.2.1');
      daemon = await RealDaemon.start(host.pid);
      await daemon.importBusybox();
    }, 60_000);
    afterEach(async () => {
      const { stdout } = await daemon.docker('ps', '-aq');
      for (const id of stdout.split('\n').filter((line) => line !== '')) await docker('rm', '-f', id);
    });
    afterAll(async () => {
      await daemon?.[Symbol.asyncDispose]();
      await other?.[Symbol.asyncDispose]();
      await host?.[Symbol.asyncDispose]();
    });
    const docker = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await daemon.docker(...args);
      if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
      return stdout.trim();
    };
    const run = (...args: string[]): Promise<string> => docker('run', '-d', ...args);
    const answer = async (from: Netns, address: string, port: number): Promise<string> =>
      (await from.sh(`busybox nc -w 2 ${address} ${port} </dev/null`)).stdout.trim();
    const answers = (from: Netns, address: string, port: number, text: string): Promise<void> =>
      until(`${address}:${port} answers`, async () => (await answer(from, address, port)) === text, 10_000);

    it('are reached from another machine, from this one, and from another container', async () => {
      await run('--name', 'web', '-p', '8080:80', 'busybox', ...serve('hello'));
      await answers(other, '192.0.2.1', 8080, 'hello');
      await answers(host, '127.0.0.1', 8080, 'hello');
      await answers(host, '192.0.2.1', 8080, 'hello');
      const script = 'nc -w 2 192.0.2.1 8080 </dev/null';
      expect(await docker('run', '--rm', 'busybox', 'sh', '-c', script)).toBe('hello');
      // From the published container itself.
      expect(await docker('exec', 'web', 'sh', '-c', script)).toBe('hello');
    });

    /** A program of Python on a container's network. */
    const inside = async (pid: string, script: string): Promise<string> => {
      const args = ['-t', pid, '-n', 'python3', '-c', script];
      return (await promisify(execFile)('nsenter', args, { timeout: 90_000 })).stdout;
    };
    /** A client that goes on sending UDP from one port, and what it was answered. */
    const ask = async (from: Netns, port: number, text: string): Promise<string> => {
      const script = `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('192.0.2.2', 4000))
s.settimeout(2)
s.sendto(b'${text}', ('192.0.2.1', ${port}))
try: print(s.recv(100).decode())
except OSError as e: print('none')`;
      return (await from.run('python3', '-c', script)).trim();
    };
    /** A container with a port of UDP, and something that answers there until it ends. */
    const echo = async (name: string): Promise<void> => {
      await run('--name', name, '-p', '5300:53/udp', 'busybox', 'sleep', '100');
      const pid = await docker('inspect', '-f', '{{.State.Pid}}', name);
      const script = `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('', 53))
s.settimeout(90)
while True:
    data, peer = s.recvfrom(100)
    s.sendto(b'${name}', peer)
    if data == b'end': break`;
      void inside(pid, script).catch(() => undefined);
    };

    it('pass UDP on, from the moment that they are published until they are not', async () => {
      // A flow to the machine itself, before there is a container.
      expect(await ask(other, 5300, 'early')).toBe('none');
      await echo('udp');
      await until('it answers', async () => (await ask(other, 5300, 'hello')) === 'udp', 60_000);
      const flows = (await host.sh('grep -c "dport=5300" /proc/net/nf_conntrack')).stdout.trim();
      expect(flows).toBe('1');
      expect(await ask(other, 5300, 'end')).toBe('udp');
      await docker('rm', '-f', 'udp');
      // The flow that was to the container is forgotten with it.
      expect((await host.sh('grep "dport=5300" /proc/net/nf_conntrack')).stdout).toBe('');
      await echo('next');
      await until('the next answers', async () => (await ask(other, 5300, 'hello')) === 'next', 60_000);
      await ask(other, 5300, 'end');
    });

    it('pass SCTP on', async () => {
      const id = await run('-p', '5400:54/sctp', 'busybox', 'sleep', '100');
      expect(await docker('port', id)).toContain('54/sctp -> 0.0.0.0:5400');
      const pid = await docker('inspect', '-f', '{{.State.Pid}}', id);
      // The kernel need not have SCTP for what passes through: packets are written and read as they are.
      const received = inside(pid, SCTP_SERVER);
      await until('the server listens', async () =>
        (await host.sh(`nsenter -t ${pid} -n cat /proc/net/raw`)).stdout.includes('0084'),
      );
      expect((await other.run('timeout', '60', 'python3', '-c', SCTP_CLIENT)).trim()).toBe(
        'answered from 5400',
      );
      expect((await received).trim()).toBe('asked at 54');
      expect(await host.run('nft', 'list', 'map', 'inet', 'ns', 'publish4_any')).toContain('sctp . 5400');
      const taken = await daemon.docker('run', '-p', '5400:54/sctp', 'busybox', 'true');
      expect(taken).toMatchObject({
        code: 125,
        stderr: expect.stringContaining('port is already allocated'),
      });
    });

    it('are shown', async () => {
      await run(
        '--name',
        'web',
        '-p',
        '127.0.0.1:8081:80',
        '-p',
        '53:53/udp',
        '--expose',
        '443',
        'busybox',
        'sleep',
        '100',
      );
      expect((await docker('port', 'web')).split('\n').toSorted()).toEqual([
        '53/udp -> 0.0.0.0:53',
        '53/udp -> [::]:53',
        '80/tcp -> 127.0.0.1:8081',
      ]);
      expect(await docker('port', 'web', '80')).toBe('127.0.0.1:8081');
      expect(await docker('ps', '--format', '{{.Ports}}')).toBe(
        '0.0.0.0:53->53/udp, [::]:53->53/udp, 443/tcp, 127.0.0.1:8081->80/tcp',
      );
      const settings = JSON.parse(
        await docker('inspect', '-f', '{{json .NetworkSettings}}', 'web'),
      ) as object;
      expect(settings).toMatchObject({
        IPAddress: expect.stringMatching(/^172\.17\.0\.\d+$/),
        IPPrefixLen: 16,
        Gateway: '172.17.0.1',
        Ports: { '443/tcp': null, '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8081' }] },
        Networks: { bridge: { Gateway: '172.17.0.1' } },
      });
    });

    it('on 127.0.0.1 are reached from this machine alone', async () => {
      await run('-p', '127.0.0.1:8082:80', 'busybox', ...serve('private'));
      await answers(host, '127.0.0.1', 8082, 'private');
      expect(await answer(other, '192.0.2.1', 8082)).toBe('');
      // Packets for 127.0.0.1 that come in by the cable.
      await other.run(
        'sysctl',
        '-qw',
        'net.ipv4.conf.all.route_localnet=1',
        'net.ipv4.conf.wire0.route_localnet=1',
      );
      await other.run('ip', 'address', 'del', '127.0.0.1/8', 'dev', 'lo');
      await other.run('ip', 'route', 'add', '127.0.0.1/32', 'via', '192.0.2.1', 'dev', 'wire0');
      try {
        expect(await answer(other, '127.0.0.1', 8082)).toBe('');
      } finally {
        await other.run('ip', 'route', 'del', '127.0.0.1/32');
        await other.run('ip', 'address', 'add', '127.0.0.1/8', 'dev', 'lo');
      }
    });

    it('are served on [::1] by a proxy', async () => {
      await run('-p', '8083:80', '-p', '[::1]:8084:80', 'busybox', ...serve('six'));
      await answers(host, '::1', 8083, 'six');
      await answers(host, '::1', 8084, 'six');
      expect(await host.run('nft', 'list', 'ruleset')).not.toContain('8084');
    });

    it('that are taken are refused with Docker’s words, and nothing is left', async () => {
      const web = await run('-p', '8085:80', 'busybox', 'sleep', '100');
      const before = await host.run('ip', '-o', 'link');
      const rules = await host.run('nft', 'list', 'ruleset');
      const taken = await daemon.docker('run', '-p', '8085:80', 'busybox', 'true');
      expect(taken).toMatchObject({
        code: 125,
        stderr: expect.stringContaining('Bind for 0.0.0.0:8085 failed: port is already allocated'),
      });
      const listener = host.sh('timeout 8 busybox nc -l -p 8086');
      await until('nc listens', async () => (await host.run('ss', '-ltn')).includes(':8086'));
      const busy = await daemon.docker('run', '-p', '8087:81', '-p', '8086:80', 'busybox', 'true');
      expect(busy).toMatchObject({ code: 125, stderr: expect.stringContaining('address already in use') });
      await host.sh('busybox nc -w 1 127.0.0.1 8086 </dev/null');
      await listener;
      expect(await host.run('nft', 'list', 'ruleset')).toBe(rules);
      expect(await host.run('ip', '-o', 'link')).toBe(before);
      expect(await host.run('ss', '-lntu')).not.toContain(':8087');
      // A port that was given up can be had again.
      await docker('rm', '-f', web);
      await run('-p', '8085:80', 'busybox', 'sleep', '100');
    });

    it('are chosen from a range, and from the kernel’s range', async () => {
      await run('-p', '8090-8091:80', 'busybox', 'sleep', '100');
      const second = await run('-p', '8090-8091:80', 'busybox', 'sleep', '100');
      expect(await docker('port', second, '80')).toContain('0.0.0.0:8091');
      const full = await daemon.docker('run', '-p', '8090-8091:80', 'busybox', 'true');
      expect(full).toMatchObject({ code: 125, stderr: expect.stringContaining('port is already allocated') });
      const any = await run('-P', '--expose', '80', '--expose', '53/udp', 'busybox', 'sleep', '100');
      expect(await docker('port', any, '80')).toMatch(/^0\.0\.0\.0:(3[2-9]|[4-6]\d)\d{3}$/m);
      expect(await docker('port', any, '53/udp')).toMatch(/^0\.0\.0\.0:\d+$/m);
    });

    it('go on when the daemon is restarted or killed, and the next one holds them', async () => {
      const web = await run('-p', '8092:80', 'busybox', ...serve('on'));
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        await daemon.end(signal);
        await answers(other, '192.0.2.1', 8092, 'on');
        await daemon.start();
        await answers(other, '192.0.2.1', 8092, 'on');
        await answers(host, '::1', 8092, 'on');
        expect(await docker('port', web, '80')).toContain('0.0.0.0:8092');
      }
      expect(await daemon.docker('run', '-p', '8092:80', 'busybox', 'true')).toMatchObject({ code: 125 });
      const addresses = await docker('run', '--rm', 'busybox', 'ip', '-o', '-4', 'address', 'show', 'eth0');
      const own = await docker('inspect', '-f', '{{.NetworkSettings.IPAddress}}', web);
      expect(addresses).not.toContain(` ${own}/`);
      // What ended while nobody was there has no port any more.
      const pid = await docker('inspect', '-f', '{{.State.Pid}}', web);
      await daemon.end('SIGKILL');
      process.kill(Number(pid), 'SIGKILL');
      await daemon.start();
      await run('-p', '8092:80', 'busybox', 'sleep', '100');
    });

    it('are put right after a flush, and after the bridge was deleted', async () => {
      const web = await run('-p', '8093:80', 'busybox', ...serve('again'));
      await answers(other, '192.0.2.1', 8093, 'again');
      const rules = await host.run('nft', 'list', 'table', 'inet', 'ns');
      await host.run('nft', 'flush', 'ruleset');
      expect(await answer(other, '192.0.2.1', 8093)).toBe('');
      // The next start sees it.
      await docker('run', '--rm', 'busybox', 'true');
      await answers(other, '192.0.2.1', 8093, 'again');
      expect(await host.run('nft', 'list', 'table', 'inet', 'ns')).toBe(rules);
      await daemon.end('SIGKILL');
      await host.run('nft', 'flush', 'ruleset');
      await host.run('ip', 'link', 'del', 'ns0');
      await daemon.start();
      await answers(other, '192.0.2.1', 8093, 'again');
      await docker('rm', '-f', web);
      expect(await host.run('nft', 'list', 'table', 'inet', 'ns')).not.toContain('8093');
    });

    it('leave nothing when the container cannot start', async () => {
      const before = await host.run('ip', '-o', 'link');
      const failed = await daemon.docker('run', '-p', '8094:80', 'busybox', 'nosuch');
      expect(failed.code).toBe(127);
      await until('the links are gone', async () => (await host.run('ip', '-o', 'link')) === before);
      expect(await host.run('nft', 'list', 'ruleset')).not.toContain('8094');
      expect(await host.run('ss', '-lntu')).not.toContain(':8094');
      expect(await docker('inspect', '-f', '{{.NetworkSettings.IPAddress}}', await docker('ps', '-lq'))).toBe(
        '',
      );
    });
  },
);
