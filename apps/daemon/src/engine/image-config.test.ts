import { describe, expect, it } from 'vitest';

import { checkEnvironment, commandOf, environmentOf, mergeImageConfig } from './image-config.js';

const IMAGE = {
  User: 'app',
  Env: ['PATH=/app', 'MODE=image'],
  Entrypoint: ['/entry'],
  Cmd: ['serve'],
  WorkingDir: '/srv',
  Labels: { from: 'image', kept: 'yes' },
  Volumes: { '/data': {} },
  StopSignal: 'SIGINT',
};

describe('mergeImageConfig', () => {
  it('inherits what the user does not say', () => {
    expect(mergeImageConfig({}, IMAGE)).toMatchObject({
      User: 'app',
      Env: ['PATH=/app', 'MODE=image'],
      Entrypoint: ['/entry'],
      Cmd: ['serve'],
      WorkingDir: '/srv',
      StopSignal: 'SIGINT',
      Volumes: { '/data': {} },
    });
  });

  it('lets the user win', () => {
    const merged = mergeImageConfig(
      {
        User: 'root',
        Env: ['MODE=user'],
        Labels: { from: 'user' },
        WorkingDir: '/',
        Volumes: { '/log': {} },
      },
      IMAGE,
    );
    expect(merged).toMatchObject({
      User: 'root',
      Env: ['MODE=user', 'PATH=/app'],
      Labels: { from: 'user', kept: 'yes' },
      WorkingDir: '/',
      Volumes: { '/data': {}, '/log': {} },
    });
  });

  it.each([
    [{}, ['/entry', 'serve']],
    [{ Cmd: ['other'] }, ['/entry', 'other']],
    [{ Entrypoint: ['/mine'] }, ['/mine']],
    [{ Entrypoint: ['/mine'], Cmd: ['x'] }, ['/mine', 'x']],
    [{ Entrypoint: [''], Cmd: ['/bin/sh'] }, ['/bin/sh']],
    [{ Entrypoint: [], Cmd: [] }, ['/entry', 'serve']],
  ])('command of %j', (user, command) => {
    expect(commandOf(mergeImageConfig(user, IMAGE))).toEqual(command);
  });

  it('wants a command', () => {
    expect(() => commandOf(mergeImageConfig({}, {}))).toThrow('no command specified');
  });
});

describe('environment', () => {
  it('begins with the defaults', () => {
    expect(environmentOf({ Tty: true, Env: ['A=b=c'] }, 'box')).toEqual([
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'HOSTNAME=box',
      'TERM=xterm',
      'A=b=c',
    ]);
  });

  it('loses a variable that is named alone, and takes the last of two', () => {
    expect(environmentOf({ Env: ['A=1', 'PATH', 'A=2'] }, 'box')).toEqual(['HOSTNAME=box', 'A=2']);
  });

  it.each(['', '=x', 'A=\0'])('refuses %j', (entry) => {
    expect(() => checkEnvironment([entry])).toThrow('invalid environment variable');
  });
});
