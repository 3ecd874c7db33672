import { describe, expect, it } from 'vitest';

import type { Values } from '../flags/flag.js';
import { parseFlags } from '../flags/parse.js';
import { createFlags, type CreateFlags } from './flags.js';
import { createRequest } from './request.js';

/** The request of a command line. */
function request(...words: string[]): ReturnType<typeof createRequest> {
  const { values, given, positional } = parseFlags(createFlags, words, false);
  const flags = values as Values<CreateFlags>;
  return createRequest({ flags, given, args: positional, env: { HOME: '/root' }, cwd: '/here' });
}

const attached = {
  AttachStdin: false,
  AttachStdout: true,
  AttachStderr: true,
  OpenStdin: false,
  StdinOnce: false,
  Tty: false,
};
const bare = { AutoRemove: false, ReadonlyRootfs: false };

describe('a create request', () => {
  it('has what was said, and the defaults of the engine for the rest', () => {
    expect(request('busybox')).toEqual({ Image: 'busybox', ...attached, HostConfig: bare });
  });

  it('--runtime and --lxc-conf choose the driver, and tell it things in its own words', () => {
    expect(
      request('--runtime', 'lxc', '--lxc-conf', 'lxc.cap.drop = sys_time', '--lxc-conf', 'a=b=c', 'busybox')
        .HostConfig,
    ).toEqual({
      ...bare,
      Runtime: 'lxc',
      LxcConf: [
        { Key: 'lxc.cap.drop', Value: 'sys_time' },
        { Key: 'a', Value: 'b=c' },
      ],
    });
    expect(() => request('--lxc-conf', 'nothing', 'busybox')).toThrow("'nothing' is not key=value");
  });

  it('leaves what follows the image to the program', () => {
    expect(request('-e', 'A=1', 'busybox', 'sh', '-c', 'echo', '--rm')).toMatchObject({
      Env: ['A=1'],
      Cmd: ['sh', '-c', 'echo', '--rm'],
      HostConfig: { AutoRemove: false },
    });
  });

  it('-it attaches everything, and ends the input of the container with ours', () => {
    expect(request('-it', 'busybox')).toMatchObject({
      ...attached,
      AttachStdin: true,
      OpenStdin: true,
      StdinOnce: true,
      Tty: true,
    });
  });

  it('-a attaches what it names', () => {
    expect(request('-a', 'stderr', 'busybox')).toMatchObject({ AttachStdout: false, AttachStderr: true });
    expect(request('-a', 'stdin', '-i', 'busybox')).toMatchObject({ AttachStdin: true, AttachStdout: false });
  });

  it('knows who and where', () => {
    expect(
      request(
        ...'-h web --domainname lan -u 1:2 -w /tmp -l a=b -l c --stop-signal INT --stop-timeout 3 busybox'.split(
          ' ',
        ),
      ),
    ).toMatchObject({
      Hostname: 'web',
      Domainname: 'lan',
      User: '1:2',
      WorkingDir: '/tmp',
      Labels: { a: 'b', c: '' },
      StopSignal: 'INT',
      StopTimeout: 3,
    });
  });

  it('takes the entry point of the image away when it is given empty', () => {
    expect(request('--entrypoint', 'sh', 'busybox').Entrypoint).toEqual(['sh']);
    expect(request('--entrypoint=', 'busybox').Entrypoint).toEqual(['']);
    expect(request('busybox')).not.toHaveProperty('Entrypoint');
  });

  it('sorts mounts into binds, volumes, mounts and tmpfs', () => {
    const words = '-v /a:/b:ro -v /own --mount type=tmpfs,dst=/t --tmpfs /run:size=1m busybox';
    const { Volumes, HostConfig } = request(...words.split(' '));
    expect(Volumes).toEqual({ '/own': {} });
    expect(HostConfig).toEqual({
      ...bare,
      Binds: ['/a:/b:ro'],
      Mounts: [{ Type: 'tmpfs', Target: '/t' }],
      Tmpfs: { '/run': 'size=1m' },
    });
  });

  it('refuses two mounts at one place', () => {
    expect(() => request('-v', '/a:/b', '--tmpfs', '/b/', 'busybox')).toThrow('duplicate mount point: /b');
  });

  it('has the host side', () => {
    const words =
      '--rm --read-only --init --network none --pid host --ipc container:x --uts host --userns host --cap-add NET_ADMIN ' +
      '--cap-drop ALL --group-add adm --oom-score-adj -5 --shm-size 1m --sysctl net.a=1 --ulimit nofile=5 ' +
      '--security-opt no-new-privileges busybox';
    expect(request(...words.split(' ')).HostConfig).toEqual({
      AutoRemove: true,
      ReadonlyRootfs: true,
      Init: true,
      NetworkMode: 'none',
      PidMode: 'host',
      IpcMode: 'container:x',
      UTSMode: 'host',
      UsernsMode: 'host',
      CapAdd: ['NET_ADMIN'],
      CapDrop: ['ALL'],
      GroupAdd: ['adm'],
      OomScoreAdj: -5,
      ShmSize: 1_048_576,
      Sysctls: { 'net.a': '1' },
      Ulimits: [{ Name: 'nofile', Soft: 5, Hard: 5 }],
      SecurityOpt: ['no-new-privileges'],
    });
  });

  it('masks nothing with systempaths=unconfined, which is not sent', () => {
    expect(request('--security-opt', 'systempaths=unconfined', 'busybox').HostConfig).toEqual({
      ...bare,
      MaskedPaths: [],
      ReadonlyPaths: [],
    });
  });

  it('--rootfs takes the place of the image', () => {
    expect(request('--rootfs', 'root', 'sh', '-c', 'ls')).toMatchObject({
      Image: '',
      Cmd: ['sh', '-c', 'ls'],
      HostConfig: { NsRootfs: '/here/root' },
    });
  });

  it.each([
    [['--rootfs', '', 'sh'], '--rootfs: the directory is empty'],
    [['--rootfs', '/r'], '--rootfs: a directory has no default command, give one'],
    [[''], 'invalid reference format: the image is empty'],
    [['-e', '=x', 'busybox'], 'invalid environment variable: =x'],
  ])('refuses %j', (words, message) => {
    expect(() => request(...words)).toThrow(message);
  });
});
