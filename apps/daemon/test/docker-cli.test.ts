// needs: linux, root, busybox, docker-cli, overlayfs
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { until } from './harness.js';
import { RealDaemon } from './real-daemon.js';

let daemon: RealDaemon;
beforeAll(async () => {
  daemon = await RealDaemon.start();
  await daemon.importBusybox();
});
afterAll(() => daemon[Symbol.asyncDispose]());

const docker: RealDaemon['docker'] = (...args) => daemon.docker(...args);
const words = (text: string): string[] => text.trim().split(/\s+/);
/** `docker run --rm`, without the network that is not there yet. */
const run: RealDaemon['docker'] = (...args) => docker('run', '--rm', '--network', 'none', ...args);
const out = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await docker(...args);
  if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
};

describe('docker run', () => {
  it('says hello without anything installed', async () => {
    expect(await run('hello-world')).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('Hello from ns!'),
    });
  });

  it('separates the streams, and ends with the exit code', async () => {
    expect(await run('busybox', 'sh', '-c', 'echo out; echo err >&2; exit 3')).toEqual({
      code: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  it('passes its input on to the end', async () => {
    const input = Buffer.alloc(2_000_000, 'some line of text\n');
    const { stdout } = await daemon.dockerWith(
      input,
      'run',
      '--rm',
      '-i',
      '--network',
      'none',
      'busybox',
      'cat',
    );
    expect(stdout.length).toBe(input.length);
    expect(Buffer.from(stdout).equals(input)).toBe(true);
  });

  it('runs in a world of its own', async () => {
    const { stdout } = await run(
      '--hostname',
      'inside',
      'busybox',
      'sh',
      '-c',
      'hostname; echo $$; ls /sys/class/net; cat /etc/hostname; echo $FROM $HOME; pwd',
    );
    expect(stdout).toBe('inside\n1\nlo\ninside\nimage /root\n/\n');
  });

  it('takes options of all kinds', async () => {
    const data = join(daemon.directory, 'bound');
    mkdirSync(data);
    writeFileSync(join(data, 'file'), 'content');
    const options = `-u app -w /srv/new -e FROM --read-only --tmpfs /run:size=1m -v ${data}:/data:ro
      --mount type=tmpfs,target=/scratch --init --ulimit nofile=123:456 --cap-drop ALL
      --security-opt no-new-privileges --shm-size 1m --add-host db:10.0.0.1`;
    const script = `id -u; pwd; echo "$A" "\${FROM-unset}"; cat /data/file; ulimit -n;
      touch /data/x /x /run/ok /scratch/ok; grep -E 'NoNewPrivs|CapBnd' /proc/self/status;
      grep db /etc/hosts; ps | head -2 | grep -c ns-init`;
    const { stdout, stderr } = await run('-e', 'A=b c', ...words(options), 'busybox', 'sh', '-c', script);
    expect(stdout.split('\n')).toEqual([
      '1000',
      '/srv/new',
      'b c unset',
      expect.stringMatching(/^content123$/),
      expect.stringMatching(/^CapBnd:\s+0000000000000000$/),
      expect.stringMatching(/^NoNewPrivs:\s+1$/),
      '10.0.0.1\tdb',
      '1',
      '',
    ]);
    expect(stderr).toContain('/data/x: Read-only file system');
    expect(stderr).toContain('/x: Read-only file system');
    expect(stderr).not.toContain('/run/ok');
  });

  it.each([
    [['busybox', 'no-such-program'], 127, 'executable file not found in $PATH'],
    [['busybox', '/no/such'], 127, 'no such file or directory'],
    [['busybox', '/etc/passwd'], 126, 'permission denied'],
    [['busybox', '/etc'], 126, 'permission denied'],
    [['-u', 'nobody', 'busybox', 'true'], 125, 'unable to find user nobody'],
    [['-v', '/tmp:/', 'busybox', 'true'], 125, "destination can't be '/'"],
    [
      ['--mount', 'type=bind,source=/no/such,target=/x', 'busybox', 'true'],
      125,
      'bind source path does not exist: /no/such',
    ],
    [['-w', 'relative', 'busybox', 'true'], 125, 'needs to be an absolute path'],
    [['no-such-image'], 125, 'registries are not there yet'],
  ])('%j ends with %d, says why, and leaves nothing', async (args, code, message) => {
    const containers = join(daemon.directory, 'data/containers');
    const before = readdirSync(containers);
    const outcome = await run(...args);
    expect(outcome.stderr).toContain(message);
    expect(outcome.code).toBe(code);
    expect(readdirSync(containers)).toEqual(before);
    expect(readdirSync(join(daemon.directory, 'exec/native'))).toEqual([]);
  });

  it('refuses a program of ten megabytes of arguments, which cannot be executed', async () => {
    const Cmd = ['true', ...Array.from({ length: 100 }, () => 'x'.repeat(100_000))];
    await expect(daemon.client.containerCreate({ Image: 'busybox', Cmd })).rejects.toMatchObject({
      status: 400,
    });
  });

  it('takes a root directory', async () => {
    const { Id } = await daemon.client.containerCreate({
      Cmd: ['/bin/sh', '-c', 'echo changed > /new; cat /new'],
      HostConfig: { NsRootfs: join(daemon.directory, 'busybox'), NetworkMode: 'none' },
    });
    expect(await out('start', '-a', Id)).toBe('changed');
    expect(existsSync(join(daemon.directory, 'busybox/new'))).toBe(false);
    await out('rm', Id);
  });

  it('takes the root of this machine, which holds the data root', async () => {
    const { Id } = await daemon.client.containerCreate({
      Cmd: ['/bin/sh', '-c', 'echo changed > /ns-was-here; cat /ns-was-here; test -d /usr'],
      HostConfig: { NsRootfs: '/', NetworkMode: 'none' },
    });
    expect(await out('start', '-a', Id)).toBe('changed');
    expect(existsSync('/ns-was-here')).toBe(false);
    await out('rm', Id);
  });

  it('has no network, and says nothing, where the engine has no bridge', async () => {
    const { code, stderr } = await docker('run', '--rm', 'busybox', 'true');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect((await docker('run', '--rm', '-p', '80', 'busybox', 'true')).stderr).toContain(
      'ports are discarded',
    );
  });

  it('fills an anonymous volume from the image', async () => {
    expect((await run('-v', '/etc', 'busybox', 'head', '-n1', '/etc/passwd')).stdout).toBe(
      'root:x:0:0:root:/root:/bin/sh\n',
    );
    expect(readdirSync(join(daemon.directory, 'data/volumes'))).toEqual([]);
  });
});

describe('a container in the background', () => {
  it('is seen, heard, entered, stopped and removed', async () => {
    const id = await out(
      'run',
      '-d',
      '--name',
      'web',
      '--network',
      'none',
      'busybox',
      'sh',
      '-c',
      'trap "exit 5" TERM; echo up; while :; do sleep 0.05; done',
    );
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(await out('ps', '--format', '{{.Names}} {{.Image}} {{.State}}')).toBe('web busybox running');
    await until('it has spoken', async () => (await out('logs', 'web')) === 'up');
    expect(await out('exec', 'web', 'sh', '-c', 'echo $FROM; hostname')).toBe(`image\n${id.slice(0, 12)}`);
    expect((await docker('exec', 'web', 'sh', '-c', 'exit 9')).code).toBe(9);
    expect(await docker('exec', 'web', 'nope')).toMatchObject({ code: 127 });
    expect((await daemon.dockerWith('typed', 'exec', '-i', 'web', 'cat')).stdout).toBe('typed');
    expect(await out('top', 'web', '-o', 'pid,comm')).toContain('sh');
    expect(
      await out('inspect', '-f', '{{.State.Status}} {{.HostConfig.NetworkMode}} {{.Config.Image}}', 'web'),
    ).toBe('running none busybox');
    expect((await docker('rm', 'web')).stderr).toContain(
      'container is running: stop the container before removing or force remove',
    );
    expect(await out('rename', 'web', 'web2')).toBe('');
    expect(await out('stop', 'web2')).toBe('web2');
    expect(await out('wait', 'web2')).toBe('5');
    expect(await out('ps', '-a', '--format', '{{.Status}}')).toMatch(/^Exited \(5\) /);
    expect(await out('start', 'web2')).toBe('web2');
    expect(await out('restart', '-t', '1', 'web2')).toBe('web2');
    expect(await out('kill', '-s', 'KILL', 'web2')).toBe('web2');
    expect(await out('inspect', '-f', '{{.State.ExitCode}}', 'web2')).toBe('137');
    expect(await out('rm', 'web2')).toBe('web2');
    expect(readdirSync(join(daemon.directory, 'exec/native'))).toEqual([]);
  });

  it('keeps what it wrote to its file system', async () => {
    await out(
      'create',
      '--name',
      'kept',
      '--network',
      'none',
      'busybox',
      'sh',
      '-c',
      'cat /note || echo first > /note',
    );
    await docker('start', '-a', 'kept');
    expect(await out('start', '-a', 'kept')).toBe('first');
    await out('rm', 'kept');
  });

  it('shares namespaces with another', async () => {
    await out(
      'run',
      '-d',
      '--name',
      'peer',
      '--network',
      'none',
      '--ipc',
      'shareable',
      'busybox',
      'sleep',
      '60',
    );
    const shared = words('--network container:peer --pid container:peer --ipc container:peer');
    const script = 'ps | grep -c "[s]leep 60"';
    const { stdout } = await docker('run', '--rm', ...shared, 'busybox', 'sh', '-c', script);
    expect(stdout).toBe('1\n');
    await out('rm', '-f', 'peer');
  });
});

describe('images', () => {
  it('are listed, tagged, saved, removed and loaded', async () => {
    expect(await out('images', '--format', '{{.Repository}}:{{.Tag}}')).toContain('busybox:latest');
    await out('tag', 'busybox', 'reg.example:5000/team/box:1.0');
    expect(await out('inspect', '-f', '{{.Config.Cmd}} {{.Os}}', 'reg.example:5000/team/box:1.0')).toBe(
      '[sh] linux',
    );
    expect(await out('history', '--format', '{{.Comment}}', 'busybox')).not.toBe('');
    const archive = join(daemon.directory, 'saved.tar');
    await out('save', '-o', archive, 'reg.example:5000/team/box:1.0');
    expect(await out('rmi', 'reg.example:5000/team/box:1.0')).toContain(
      'Untagged: reg.example:5000/team/box:1.0',
    );
    expect((await docker('inspect', 'reg.example:5000/team/box:1.0')).code).toBe(1);
    expect(await out('load', '-i', archive)).toContain('Loaded image: reg.example:5000/team/box:1.0');
    expect((await run('reg.example:5000/team/box:1.0', 'echo', 'loaded')).stdout).toBe('loaded\n');
    await out('rmi', 'reg.example:5000/team/box:1.0');
  });

  it('are not removed while containers use them', async () => {
    await out('run', '-d', '--name', 'user', '--network', 'none', 'busybox', 'sleep', '60');
    expect((await docker('rmi', 'busybox')).stderr).toContain('container');
    await out('rm', '-f', 'user');
    expect(await out('images', '-q', 'busybox')).not.toBe('');
  });

  it('that are no archives are refused', async () => {
    const { code, stderr } = await daemon.dockerWith('this is no archive'.repeat(100), 'load');
    expect(code).toBe(1);
    expect(stderr).not.toBe('');
  });
});

describe('the engine', () => {
  it('tells of itself', async () => {
    expect(await out('version', '-f', '{{.Server.APIVersion}} {{.Server.Os}}')).toBe('1.47 linux');
    expect(await out('info', '-f', '{{.DefaultRuntime}} {{.LiveRestoreEnabled}}')).toBe('native true');
    expect(await out('network', 'ls', '--format', '{{.Name}}')).toBe('host\nnone');
    expect(await out('volume', 'ls', '-q')).toBe('');
  });

  it('tells what happened', async () => {
    const since = String(Date.now() / 1000);
    await run('--name', 'evented', 'busybox', 'true');
    const until_ = String(Date.now() / 1000 + 0.1);
    const events = await out(
      'events',
      '--since',
      since,
      '--until',
      until_,
      '--filter',
      'container=evented',
      '--format',
      '{{.Action}}',
    );
    expect(events.split('\n')).toEqual(['create', 'attach', 'start', 'die', 'destroy']);
  });

  it('serves old clients', async () => {
    const env = process.env['DOCKER_API_VERSION'];
    process.env['DOCKER_API_VERSION'] = '1.24';
    try {
      expect((await docker('run', '--rm', '--network', 'none', 'busybox', 'echo', 'old')).stdout).toBe(
        'old\n',
      );
    } finally {
      if (env === undefined) delete process.env['DOCKER_API_VERSION'];
      else process.env['DOCKER_API_VERSION'] = env;
    }
  });

  it('explains the start of a container, and creates nothing', async () => {
    const containers = readdirSync(join(daemon.directory, 'data/containers'));
    const response = await explain({ Image: 'busybox', HostConfig: { NetworkMode: 'none' } });
    expect(response).toContain('create the container’s first process');
    expect(response).toContain('pivot_root');
    expect(readdirSync(join(daemon.directory, 'data/containers'))).toEqual(containers);
  });

  it('logs nothing that went wrong', () => {
    expect(readFileSync(join(daemon.directory, 'log'), 'utf8')).not.toMatch(/ error /);
  });
});

async function explain(request: object): Promise<string> {
  const http = await import('node:http');
  const { textOf } = await import('./harness.js');
  return await new Promise((resolve, reject) => {
    const call = http.request(
      { socketPath: join(daemon.directory, 'ns.sock'), method: 'POST', path: '/ns/explain' },
      (response) => resolve(textOf(response)),
    );
    call.once('error', reject);
    call.end(JSON.stringify(request));
  });
}
