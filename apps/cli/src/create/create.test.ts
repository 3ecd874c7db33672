import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { environment, parseEnv, parseEnvFile } from './environment.js';
import { parseMount } from './mount.js';
import { parseSize } from './size.js';
import {
  modeParser,
  parseAttach,
  parseLabel,
  parseOomScore,
  parsePull,
  parseRestart,
  parseSecurityOption,
  parseSysctl,
  parseTmpfs,
  parseUlimit,
} from './values.js';
import { parseVolume } from './volume.js';

const ENV = { HOME: '/root', EMPTY: '' };
const envFile = (text: string): string[] => parseEnvFile('vars', Buffer.from(text), ENV);

describe('-e', () => {
  it.each([
    ['A=b', 'A=b'],
    ['A=', 'A='],
    ['A=b=c d', 'A=b=c d'],
    ['HOME', 'HOME=/root'],
    ['EMPTY', 'EMPTY='],
    ['NOSUCH', 'NOSUCH'],
  ])('%s: %s', (text, variable) => {
    expect(parseEnv(text, ENV)).toBe(variable);
  });

  it.each(['=b', '='])('%s has no name', (text) => {
    expect(() => parseEnv(text, ENV)).toThrow(`invalid environment variable: ${text}`);
  });
});

describe('--env-file', () => {
  it('is read as Docker reads it', () => {
    expect(
      envFile('\uFEFF# comment\n  A=1\n\nB="quoted" # no comment\nHOME\nNOSUCH\nC=\r\n\tD= spaced \n'),
    ).toEqual(['A=1', 'B="quoted" # no comment', 'HOME=/root', 'NOSUCH', 'C=', 'D= spaced ']);
  });

  it.each([
    ['A B=1', "poorly formatted environment: variable 'A B' contains whitespaces: env file vars, line 1"],
    ['\nA =1', "poorly formatted environment: variable 'A ' contains whitespaces: env file vars, line 2"],
    ['=1', 'poorly formatted environment: no variable name: env file vars, line 1'],
  ])('refuses %j', (text, message) => {
    expect(() => envFile(text)).toThrow(message);
  });

  it('refuses what is no UTF-8', () => {
    expect(() => parseEnvFile('vars', Buffer.from([0x41, 0x3d, 0xff]), ENV)).toThrow(
      'env file vars is not UTF-8',
    );
  });

  describe('on disk', () => {
    let folder = '';
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'ns-env-'));
      writeFileSync(join(folder, 'vars'), 'A=file\nB=file\n');
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it('comes before -e', () => {
      expect(environment([join(folder, 'vars')], ['A=flag'], ENV)).toEqual(['A=file', 'B=file', 'A=flag']);
    });

    it('must exist and be a file', () => {
      expect(() => environment(['/no/such'], [], ENV)).toThrow('open /no/such: no such file or directory');
      expect(() => environment([folder], [], ENV)).toThrow(`open ${folder}: it is a directory`);
    });
  });
});

describe('-v', () => {
  it.each([
    ['/src:/dst', '/src:/dst'],
    ['/src:/dst:ro', '/src:/dst:ro'],
    ['/src:/dst:rw,rslave', '/src:/dst:rw,rslave'],
    ['./src:/dst', '/here/src:/dst'],
    ['..:/dst', '/:/dst'],
    ['data:/dst', 'data:/dst'],
  ])('%s', (spec, bind) => {
    expect(parseVolume(spec, '/here')).toEqual({ kind: 'bind', bind, target: '/dst' });
  });

  it('/dst alone is a volume of its own', () => {
    expect(parseVolume('/dst', '/here')).toEqual({ kind: 'anonymous', target: '/dst' });
  });

  it.each([
    ['', 'invalid empty volume spec'],
    [':/dst', 'invalid spec: :/dst: empty section between colons'],
    ['/src:', 'invalid spec: /src:: empty section between colons'],
    ['/a:/b:ro:x', 'invalid spec: /a:/b:ro:x: too many colons'],
    ['/src:/', "invalid volume specification: '/src:/': invalid specification: destination can't be '/'"],
    [
      '/src:/x/..',
      "invalid volume specification: '/src:/x/..': invalid specification: destination can't be '/'",
    ],
    [
      '/src:dst',
      "invalid volume specification: '/src:dst': invalid mount path: 'dst' mount path must be absolute",
    ],
    ['dst', "invalid volume specification: 'dst': invalid mount path: 'dst' mount path must be absolute"],
    ['/src:/dst:readonly', "invalid volume specification: '/src:/dst:readonly': invalid mode: readonly"],
    ['/src:/dst:ro,rw', "invalid volume specification: '/src:/dst:ro,rw': invalid mode: ro and rw"],
    ['a b:/dst', 'includes invalid characters for a local volume name'],
  ])('refuses %j', (spec, message) => {
    expect(() => parseVolume(spec, '/here')).toThrow(message);
  });
});

describe('--mount', () => {
  it.each([
    ['type=bind,source=/src,target=/dst', { Type: 'bind', Source: '/src', Target: '/dst' }],
    ['type=bind,src=.,dst=/dst,ro', { Type: 'bind', Source: '/here', Target: '/dst', ReadOnly: true }],
    [
      'type=bind,src=/s,destination=/d,readonly=false',
      { Type: 'bind', Source: '/s', Target: '/d', ReadOnly: false },
    ],
    ['target=/dst', { Type: 'volume', Target: '/dst' }],
    [
      'TYPE=tmpfs,target=/t,tmpfs-size=64m,tmpfs-mode=1770',
      { Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 67108864, Mode: 0o1770 } },
    ],
    [
      'type=bind,src=/s,dst=/d,bind-propagation=rslave,bind-nonrecursive',
      {
        Type: 'bind',
        Source: '/s',
        Target: '/d',
        BindOptions: { Propagation: 'rslave', NonRecursive: true },
      },
    ],
    [
      'type=bind,src=/s,dst=/d,ro,bind-recursive=writable',
      {
        Type: 'bind',
        Source: '/s',
        Target: '/d',
        ReadOnly: true,
        BindOptions: { ReadOnlyNonRecursive: true },
      },
    ],
    [
      'src=vol,dst=/d,volume-nocopy,volume-label=a=b,volume-opt=o=c=d,volume-driver=local',
      {
        Type: 'volume',
        Source: 'vol',
        Target: '/d',
        VolumeOptions: {
          NoCopy: true,
          Labels: { a: 'b' },
          DriverConfig: { Options: { o: 'c=d' }, Name: 'local' },
        },
      },
    ],
    [
      'type=bind,"src=/with, comma","dst=/with ""quotes"""',
      { Type: 'bind', Source: '/with, comma', Target: '/with "quotes"' },
    ],
  ])('%s', (spec, mount) => {
    expect(parseMount(spec, '/here')).toEqual(mount);
  });

  it.each([
    ['', 'expected key=value pairs'],
    ['foo', "invalid field 'foo' must be a key=value pair"],
    ['foo=bar', "unexpected key 'foo' in 'foo=bar'"],
    ['constructor=bar', "unexpected key 'constructor' in 'constructor=bar'"],
    ['type=disk,dst=/d', "invalid mount type: 'disk': it is one of bind, volume, tmpfs, image"],
    ['type=bind,src=/s', 'target is required'],
    ['type=bind,src=/s,dst=/', "invalid specification: destination can't be '/'"],
    ['type=bind,src=/s,dst=d', "invalid mount path: 'd' mount path must be absolute"],
    ['type=bind,src=s,dst=/d', "invalid mount path: 's' mount path must be absolute"],
    ['type=bind,dst=/d', 'source is required'],
    ['type=tmpfs,src=/s,dst=/d', 'source must not be specified for a tmpfs'],
    ['type=bind,src=/s,dst=/d,ro=maybe', 'invalid value for readonly: maybe'],
    ['type=bind,src=/s,dst=/d,bind-propagation=up', 'invalid propagation mode: up'],
    [
      'type=bind,src=/s,dst=/d,bind-recursive=readonly',
      "option 'bind-recursive=readonly' requires 'readonly'",
    ],
    ['type=bind,src=/s,dst=/d,ro,bind-recursive=readonly', "requires 'bind-propagation=rprivate'"],
    ['type=tmpfs,dst=/d,volume-nocopy', "cannot mix 'volume-*' options with mount type 'tmpfs'"],
    ['type=volume,dst=/d,tmpfs-size=1', "cannot mix 'tmpfs-*' options with mount type 'volume'"],
    ['type=tmpfs,dst=/d,tmpfs-mode=999', 'invalid value for tmpfs-mode: 999'],
    ['type=tmpfs,dst=/d,tmpfs-size=many', "invalid size: 'many'"],
    ['type=bind,"src=/s', 'expected key=value pairs'],
  ])('refuses %j', (spec, message) => {
    expect(() => parseMount(spec, '/here')).toThrow(message);
  });
});

describe('sizes', () => {
  it.each([
    ['0', 0],
    ['1024', 1024],
    ['64m', 67_108_864],
    ['64M', 67_108_864],
    ['64 MiB', 67_108_864],
    ['1.5kb', 1536],
    ['1g', 1_073_741_824],
    ['512b', 512],
  ])('%s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each([
    ['', "invalid size: ''"],
    ['-1', "invalid size: '-1'"],
    ['1x', "invalid suffix: 'x'"],
    ['1ib', "invalid suffix: 'ib'"],
    ['99999999999999999999', 'out of range'],
    ['9999999p', 'out of range'],
  ])('refuses %j', (text, message) => {
    expect(() => parseSize(text)).toThrow(message);
  });
});

describe('other values', () => {
  it('--ulimit', () => {
    expect(parseUlimit('nofile=1024')).toEqual({ Name: 'nofile', Soft: 1024, Hard: 1024 });
    expect(parseUlimit('core=0:-1')).toEqual({ Name: 'core', Soft: 0, Hard: -1 });
    expect(parseUlimit('core=-1')).toEqual({ Name: 'core', Soft: -1, Hard: -1 });
    for (const [text, message] of [
      ['nofile', 'invalid ulimit argument: nofile'],
      ['x=5', 'invalid ulimit type: x'],
      ['nofile=10:5', 'ulimit soft limit must be less than or equal to hard limit: 10 > 5'],
      ['nofile=-1:5', 'ulimit soft limit must be less than or equal to hard limit: -1 > 5'],
      ['nofile=-2', 'only -1, for unlimited, is below 0'],
      ['nofile=99999999999999999999', 'out of range'],
    ] as const) {
      expect(() => parseUlimit(text)).toThrow(message);
    }
  });

  it('--label', () => {
    expect([parseLabel('a=b=c'), parseLabel('a'), parseLabel('a=')]).toEqual([
      ['a', 'b=c'],
      ['a', ''],
      ['a', ''],
    ]);
    expect(() => parseLabel('=x')).toThrow("invalid label '=x': empty name");
  });

  it('--sysctl', () => {
    expect(parseSysctl('net.core.somaxconn=1024')).toEqual(['net.core.somaxconn', '1024']);
    expect(parseSysctl('kernel.shmmax=1')).toEqual(['kernel.shmmax', '1']);
    for (const text of ['foo', 'net.core.somaxconn', 'kernel.panic=1', 'vm.swappiness=0', '=1']) {
      expect(() => parseSysctl(text)).toThrow(`sysctl '${text}' is not allowed`);
    }
  });

  it('--tmpfs', () => {
    expect(parseTmpfs('/run')).toEqual(['/run', '']);
    expect(parseTmpfs('/run:size=64m,mode=755')).toEqual(['/run', 'size=64m,mode=755']);
    expect(() => parseTmpfs('/')).toThrow("destination can't be '/'");
    expect(() => parseTmpfs('run')).toThrow('must be absolute');
  });

  it('-a', () => {
    expect(parseAttach('STDIN')).toBe('stdin');
    expect(() => parseAttach('foo')).toThrow('valid streams are STDIN, STDOUT and STDERR');
  });

  it('--restart', () => {
    expect(parseRestart('always')).toEqual({ Name: 'always' });
    expect(parseRestart('on-failure:3')).toEqual({ Name: 'on-failure', MaximumRetryCount: 3 });
    for (const text of ['', 'never', 'always:3', 'on-failure:x', 'on-failure:1:2', 'on-failure:-1'])
      expect(() => parseRestart(text)).toThrow(/restart policy|retry count|whole number/);
  });

  it('--security-opt', () => {
    for (const text of [
      'no-new-privileges',
      'no-new-privileges:true',
      'seccomp=unconfined',
      'label:disable',
    ]) {
      expect(parseSecurityOption(text)).toBe(text);
    }
    for (const text of ['foo', 'seccomp=', '=x'])
      expect(() => parseSecurityOption(text)).toThrow('invalid --security-opt');
  });

  it('modes, pull, oom score', () => {
    const parse = modeParser('PID', ['host', 'container:']);
    expect([parse('host'), parse('container:web')]).toEqual(['host', 'container:web']);
    for (const text of ['foo', 'container:', 'hosts']) expect(() => parse(text)).toThrow('invalid PID mode');
    expect(parsePull('never')).toBe('never');
    expect(() => parsePull('often')).toThrow("invalid pull option: 'often'");
    expect(parseOomScore('-1000')).toBe(-1000);
    expect(() => parseOomScore('1001')).toThrow('range for oom score adj is [-1000, 1000]');
  });
});
