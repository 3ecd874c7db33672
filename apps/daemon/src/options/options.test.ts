import { readFileSync } from 'node:fs';

import { hintOf } from '@ns/errors';
import { describe, expect, it } from 'vitest';

import { DEFAULT_NETWORK } from '../network/config.js';
import { type DaemonConfig, daemonConfig } from './config.js';
import { parseConfig } from './file.js';
import { type CommandLine, createCommand, parseFlags } from './flags.js';
import { withOptions } from './markdown.js';
import { join, type Settings, waitingFor } from './settings.js';
import { allOptions, flagOf, type Given } from './table.js';

const line = (words: string): CommandLine =>
  parseFlags(
    createCommand('1')
      .exitOverride()
      .configureOutput({ writeErr: () => undefined }),
    words === '' ? [] : words.split(' '),
  );
const file = (content: unknown): Given => parseConfig(Buffer.from(JSON.stringify(content)), '/f');
const settings = (words: string, content: unknown = {}): Settings =>
  join(line(words).given, file(content), '/f');
const config = (
  words: string,
  content: unknown = {},
): Omit<DaemonConfig, 'drivers'> & { drivers: object } => {
  const { drivers, ...rest } = daemonConfig(settings(words, content));
  const { where: _, nearby: __, ...others } = drivers;
  return { ...rest, drivers: others };
};

const DEFAULTS = {
  hosts: ['unix:///run/ns/ns.sock'],
  dataRoot: '/var/lib/ns',
  execRoot: '/run/ns',
  pidfile: '/run/ns/ns-daemon.pid',
  group: 'docker',
  isGroupExplicit: false,
  drivers: { addRuntimes: [], execOpts: [] },
  cgroupParent: '/ns',
  logLevel: 'info',
  network: DEFAULT_NETWORK,
  defaultUlimits: [],
};

/** The same, said by flags and by a file. */
const FLAGS =
  '-H unix:///a -H unix:///b -g /d/ --exec-root /e -D -G g -e x --add-runtime a=/x=y --exec-opt a.b=c --cgroup-parent c/d ' +
  '--bip 10.9.0.1/16 --fixed-cidr 10.9.1.0/24 --mtu 1400 --icc=false --ip 127.0.0.1 --iptables=false --ip-forward=0 ' +
  '--ip-masq=F --userland-proxy=false --dns 1.1.1.1 --dns ::1 --dns-search lan --dns-opt ndots:2 ' +
  '--default-ulimit nofile=1024:2048 --default-ulimit nproc=64 --default-ulimit core=0:-1';
const FILE = {
  hosts: ['unix:///a', 'unix:///b'],
  'data-root': '/d/',
  'exec-root': '/e',
  debug: true,
  group: 'g',
  'exec-driver': 'x',
  runtimes: { a: { path: '/x=y' } },
  'exec-opts': ['a.b=c'],
  'cgroup-parent': 'c/d',
  bip: '10.9.0.1/16',
  'fixed-cidr': '10.9.1.0/24',
  mtu: 1400,
  icc: false,
  ip: '127.0.0.1',
  iptables: false,
  'ip-forward': false,
  'ip-masq': false,
  'userland-proxy': false,
  dns: ['1.1.1.1', '::1'],
  'dns-search': ['lan'],
  'dns-opts': ['ndots:2'],
  'default-ulimits': {
    nofile: { Name: 'nofile', Soft: 1024, Hard: 2048 },
    nproc: { Soft: 64, Hard: 64 },
    core: { Name: 'core', Hard: -1, Soft: 0 },
  },
};

describe('options', () => {
  it('have defaults', () => {
    expect(config('')).toEqual(DEFAULTS);
  });

  it('are read from the command line, and from the file', () => {
    const expected = {
      hosts: ['unix:///a', 'unix:///b'],
      dataRoot: '/d/',
      execRoot: '/e',
      pidfile: '/e/ns-daemon.pid',
      group: 'g',
      isGroupExplicit: true,
      drivers: { execDriver: 'x', addRuntimes: [{ name: 'a', path: '/x=y' }], execOpts: ['a.b=c'] },
      cgroupParent: '/c/d',
      logLevel: 'debug',
      network: {
        bridge: 'ns0',
        isBridgeGiven: false,
        bip: '10.9.0.1/16',
        fixedCidr: '10.9.1.0/24',
        mtu: 1400,
        icc: false,
        hostIp: '127.0.0.1',
        iptables: false,
        ipForward: false,
        ipMasq: false,
        userlandProxy: false,
        dns: ['1.1.1.1', '::1'],
        dnsSearch: ['lan'],
        dnsOptions: ['ndots:2'],
      },
      defaultUlimits: [
        { Name: 'nofile', Soft: 1024, Hard: 2048 },
        { Name: 'nproc', Soft: 64, Hard: 64 },
        { Name: 'core', Soft: 0, Hard: -1 },
      ],
    };
    expect(config(FLAGS)).toEqual(expected);
    expect(config('', FILE)).toEqual(expected);
    expect(config('-b br0').network).toMatchObject({ bridge: 'br0', isBridgeGiven: true });
    expect(config('', { bridge: 'none', pidfile: '/p' })).toMatchObject({
      pidfile: '/p',
      network: { bridge: 'none' },
    });
  });

  it('can each be in the file', () => {
    const others = {
      pidfile: '/p',
      'default-runtime': 'lxc',
      bridge: 'br0',
      'userns-remap': 'box',
      'log-level': 'warn',
    };
    const all = { ...FILE, ...others };
    expect(Object.keys(all).toSorted()).toEqual(
      allOptions()
        .map(([key]) => key)
        .toSorted(),
    );
    expect(Object.keys(file(all))).toHaveLength(Object.keys(all).length);
  });

  it('that say nothing in the file are as if they were not there', () => {
    const empty = {
      bridge: '',
      bip: '',
      'data-root': '',
      mtu: 0,
      hosts: [],
      'log-level': '',
      'userns-remap': '',
    };
    expect(config('-l warn', empty)).toEqual({ ...DEFAULTS, logLevel: 'warn' });
    for (const text of ['', ' \n']) expect(parseConfig(Buffer.from(text), '/f')).toEqual({});
    expect(parseConfig(Buffer.from('\uFEFF{"debug":true}'), '/f')).toEqual({ debug: true });
  });

  it('are in the README as they are here: write it with ./dev docs', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const still = (text: string): string =>
      text.replaceAll(/ *\| */g, '|').replaceAll(/\|:?-+:?(?=\|)/g, '|-');
    expect(still(readme)).toBe(still(withOptions(readme)));
  });

  it('are in the help', () => {
    const help = createCommand('1').helpInformation();
    for (const [, option] of allOptions()) expect(help).toContain(flagOf(option));
    expect(help).toContain('--config-file');
    expect(help.replaceAll(/\s+/g, ' ')).toContain('(default: "unix:///run/ns/ns.sock")');
  });
});

describe('on the command line', () => {
  it('are those about the file, too', () => {
    expect(line('--config-file /f --validate')).toMatchObject({ configFile: '/f', isValidating: true });
    expect(line('')).toEqual({ given: {}, configFile: undefined, isValidating: false });
  });

  it.each([
    ['--data-root relative', "--data-root: 'relative' is not an absolute path"],
    ['--wings', "unknown option '--wings'"],
    ['-l loud', 'Allowed choices are'],
    ['extra', 'too many arguments'],
    ['-H nosuch://x', "--host: 'nosuch://x' is not an address"],
    ['-b a/b', '--bridge'],
    ['-b br0 --bip 10.0.0.1/8', '--bip'],
    ['--bip 10.0.0.1', '--bip'],
    ['--bip x', '--bip'],
    ['--bip fd00::1/64', '--bip'],
    ['--bip 10.0.0.1/31', '--bip'],
    ['--bip 10.0.0.1/16 --fixed-cidr 10.1.0.0/24', 'does not lie in'],
    ['--mtu 67', '--mtu'],
    ['--mtu 1e3', '--mtu'],
    ['--icc=perhaps', '--icc'],
    ['--ip localhost', '--ip'],
    ['--dns localhost', '--dns'],
    ['--add-runtime crun', "--add-runtime: 'crun' is not NAME=PATH"],
    ['--cgroup-parent a.slice', '--cgroup-parent: '],
    ['--userns-remap a:b:c', '--userns-remap: '],
    ...['nofile', 'nofile=', 'nofile=5:4', 'nofile=-1:4', 'nofile=-2', '=5'].map((limit) => [
      `--default-ulimit ${limit}`,
      `--default-ulimit: '${limit}' is not a limit`,
    ]),
  ] as [string, string][])('%s is refused', (words, message) => {
    expect(() => config(words)).toThrow(message);
  });
});

describe('in the file', () => {
  it.each<[unknown, string, string?]>([
    [
      { 'exec-opt': [] },
      "configuration file /f: the following directives don't match any configuration option: exec-opt",
      'exec-opts?',
    ],
    [{ 'add-runtime': {} }, 'configuration option: add-runtime', 'did you mean runtimes?'],
    [{ 'log-levle': 'x', zzz: 1 }, 'configuration option: log-levle, zzz', 'did you mean log-level?'],
    [{ zzz: 1 }, 'configuration option: zzz', 'There are hosts,'],
    [JSON.parse('{"__proto__": 1}'), 'configuration option: __proto__'],
    [{ constructor: 1 }, 'configuration option: constructor'],
    [{ 'config-file': '/g' }, 'configuration option: config-file'],
    [[], 'does not have an object'],
    [null, 'does not have an object'],
    [{ debug: 'yes' }, 'configuration file /f: debug: "yes" is not true or false'],
    [{ debug: null }, '/f: debug: null is not true or false'],
    [{ bip: 3 }, '/f: bip: 3 is not a string'],
    [{ bip: '10.0.0.1' }, '/f: bip: '],
    [{ dns: '1.1.1.1' }, '/f: dns: "1.1.1.1" is not a list of strings'],
    [{ dns: ['x'] }, "/f: dns: 'x' is not an IP address"],
    [{ hosts: ['tcp://0.0.0.0:1'] }, '/f: hosts: tcp://0.0.0.0:1: TCP needs mutual TLS'],
    [{ mtu: '1500' }, '/f: mtu: "1500" is not a number'],
    [{ mtu: 1500.5 }, '/f: mtu: '],
    [{ 'log-level': 'loud' }, "/f: log-level: 'loud' is none of fatal, error, warn, info, debug"],
    [{ 'data-root': 'x' }, '/f: data-root: '],
    [{ 'userns-remap': 'a:b:c' }, '/f: userns-remap: '],
    [{ bridge: 'br0', bip: '10.0.0.1/8' }, '/f: bip: '],
    [{ runtimes: ['crun'] }, '/f: runtimes: ["crun"] is not an object of runtimes'],
    [{ runtimes: { crun: '/usr/bin/crun' } }, '/f: runtimes: {"crun":"/usr/bin/crun"} is not a runtime'],
    [{ runtimes: { crun: { path: '/c', runtimeArgs: [] } } }, 'runtime crun has runtimeArgs', 'exec-opts'],
    [{ 'default-ulimits': [] }, '/f: default-ulimits: '],
    [{ 'default-ulimits': { nofile: { Soft: 2, Hard: 1 } } }, '/f: default-ulimits: '],
    [{ 'default-ulimits': { nofile: { Name: 'x', Soft: 1, Hard: 1 } } }, '/f: default-ulimits: '],
    [{ 'default-ulimits': { nofile: 5 } }, '/f: default-ulimits: '],
  ])('%j is refused', (content, message, hint = '') => {
    const hintOfIt = (): string => {
      try {
        return JSON.stringify(config('', content));
      } catch (error) {
        return hintOf(error) ?? '';
      }
    };
    expect(hintOfIt()).toContain(hint);
    expect(() => config('', content)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^ERR_NS_(INVALID_ARGUMENT|UNSUPPORTED)$/),
        message: expect.stringContaining(message),
      }),
    );
  });

  it.each([
    ['{', 'is not JSON'],
    ['{"debug": true,}', 'is not JSON'],
    ['\u0000', 'is not JSON'],
  ])('%j is refused', (text, message) => {
    expect(() => parseConfig(Buffer.from(text), '/f')).toThrow(`configuration file /f: ${message}`);
  });

  it('bytes that are no UTF-8 are refused', () => {
    expect(() => parseConfig(Buffer.from([0x7b, 0xff, 0x7d]), '/f')).toThrow('is not JSON');
  });
});

describe('on the command line and in the file', () => {
  it("are refused, in Docker's words", () => {
    expect(() =>
      config('-D -H unix:///a --dns ::1', { debug: false, hosts: ['unix:///b'], dns: [] }),
    ).toThrow(
      'configuration file /f: the following directives are specified both as a flag and in the configuration file: ' +
        'hosts: (from flag: unix:///a, from file: unix:///b), debug: (from flag: true, from file: false)',
    );
  });

  it('are runtimes of both', () => {
    const { drivers } = config('--add-runtime a=/a', { runtimes: { b: { path: '/b' } } });
    expect(drivers).toMatchObject({
      addRuntimes: [
        { name: 'b', path: '/b' },
        { name: 'a', path: '/a' },
      ],
    });
  });

  it('are told apart in messages', () => {
    const { where, nearby } = settings('--bip 10.0.0.1/8 --add-runtime a=b', { 'exec-driver': 'x' });
    // Code is loaded from where it is named, not from where a daemon happens to run.
    expect([nearby('exec-driver'), nearby('runtimes')]).toEqual([['/'], [process.cwd()]]);
    expect(where('bip')).toBe('--bip');
    expect(where('exec-driver')).toBe('configuration file /f: exec-driver');
    expect(where('exec-opts')).toBe('--exec-opt');
  });
});

it('what a running daemon does not change is known', () => {
  const after = { debug: true, runtimes: { b: { path: '/b' } }, mtu: 1400, dns: ['1.1.1.1'] };
  expect(waitingFor(settings('', { dns: ['1.1.1.1'] }), settings('', after))).toEqual(['mtu']);
});
