import type { Ulimit } from '@ns/engine-api';

import type { AddedRuntime } from '../drivers/config.js';
import { cgroupPathOf } from '../engine/resources.js';
import { parseAddress } from '../host/listen.js';
import { LOG_LEVELS, type LogLevel } from '../host/logger.js';
import type { Kind } from './kind.js';
import { address, addresses, bool, choice, device, mtu, path, prefix, text, texts } from './kinds.js';
import { runtimes } from './runtimes.js';
import { ulimits } from './ulimits.js';

/** An option of the daemon: a flag, and a key of the configuration file. */
export interface Option<T> {
  /** As commander has it: `-H, --host <address>`. */
  readonly flags: string;
  readonly kind: Kind<T>;
  /** For `--help`, and as Markdown for the README. */
  readonly help: string;
  readonly default?: T;
  /** The default, where words say it. */
  readonly shown?: string;
  /** SIGHUP brings a change of the file into effect. */
  readonly reloads?: true;
  /** May be given on the command line and in the file: both hold. As Docker has it. */
  readonly merge?: (flag: T, file: T) => T;
}

/** What the options come to. One that may be absent has no default. */
export interface Values {
  readonly hosts: readonly string[];
  readonly 'data-root': string;
  readonly 'exec-root': string;
  readonly pidfile: string | undefined;
  readonly group: string | undefined;
  readonly 'exec-driver': string | undefined;
  readonly 'default-runtime': string | undefined;
  readonly runtimes: readonly AddedRuntime[] | undefined;
  readonly 'exec-opts': readonly string[] | undefined;
  readonly 'cgroup-parent': string;
  readonly bridge: string | undefined;
  readonly bip: string | undefined;
  readonly 'fixed-cidr': string | undefined;
  readonly mtu: number | undefined;
  readonly icc: boolean;
  readonly ip: string;
  readonly iptables: boolean;
  readonly 'ip-forward': boolean;
  readonly 'ip-masq': boolean;
  readonly 'userland-proxy': boolean;
  readonly dns: readonly string[] | undefined;
  readonly 'dns-search': readonly string[] | undefined;
  readonly 'dns-opts': readonly string[] | undefined;
  readonly 'default-ulimits': readonly Ulimit[] | undefined;
  readonly 'userns-remap': string | undefined;
  readonly 'log-level': LogLevel;
  readonly debug: boolean;
}

export type Key = keyof Values;

/** The options that are given somewhere. */
export type Given = { readonly [K in Key]?: Exclude<Values[K], undefined> };

type OptionOf<T> = Option<Exclude<T, undefined>> &
  (undefined extends T ? { readonly default?: never } : { readonly default: T });

const host = (value: string): string => {
  parseAddress(value);
  return value;
};

/** All options by their keys in the file, which are dockerd's, in the order of `--help`. */
export const OPTIONS: { readonly [K in Key]: OptionOf<Values[K]> } = {
  hosts: {
    flags: '-H, --host <address>',
    kind: texts(host),
    help: 'where to listen, may be repeated; `fd://` for a socket of systemd',
    default: ['unix:///run/ns/ns.sock'],
  },
  'data-root': {
    flags: '-g, --data-root <dir>',
    kind: path,
    help: 'what outlives a reboot: containers, images, volumes',
    default: '/var/lib/ns',
  },
  'exec-root': {
    flags: '--exec-root <dir>',
    kind: path,
    help: 'what does not: the state of running containers; best on a tmpfs',
    default: '/run/ns',
  },
  pidfile: {
    flags: '-p, --pidfile <file>',
    kind: path,
    help: 'the file with the process id',
    shown: 'EXEC_ROOT/ns-daemon.pid',
  },
  group: {
    flags: '-G, --group <group>',
    kind: text(),
    help: 'the group that may use the socket, whose mode is 0660; whoever may is as good as root',
    shown: 'docker if there is one',
  },
  'exec-driver': {
    flags: '-e, --exec-driver <driver>',
    kind: text(),
    help: "what isolates containers: a driver's name, or somebody's npm package",
    shown: 'native',
    reloads: true,
  },
  'default-runtime': {
    flags: '--default-runtime <name>',
    kind: text(),
    help: 'the same, for names alone',
    shown: 'the same',
    reloads: true,
  },
  runtimes: {
    flags: '--add-runtime <name=path>',
    kind: runtimes,
    help: "a runtime of OCI, or somebody's driver package, for containers that ask for it; may be repeated",
    reloads: true,
    merge: (flag, file) => [...file, ...flag],
  },
  'exec-opts': {
    flags: '--exec-opt <[name.]key=value>',
    kind: texts(),
    help: 'a setting of the default driver, or of another: `crun.path=/opt/crun`, `qemu.memory=512`; may be repeated',
  },
  'cgroup-parent': {
    flags: '--cgroup-parent <path>',
    kind: text((value) => cgroupPathOf('', value)),
    help: "the control group that containers' own are in, below the mount points",
    default: '/ns',
  },
  bridge: {
    flags: '-b, --bridge <name>',
    kind: device,
    help: 'the bridge of the default network: one that exists, or `none`',
    shown: 'ns0, which is made',
  },
  bip: {
    flags: '--bip <address>',
    kind: prefix,
    help: "the default bridge's address: `172.20.0.1/16`",
    shown: 'a free subnet',
  },
  'fixed-cidr': {
    flags: '--fixed-cidr <subnet>',
    kind: prefix,
    help: 'the part of its subnet that containers get',
  },
  mtu: { flags: '--mtu <bytes>', kind: mtu, help: 'of the default network', shown: "the kernel's" },
  icc: {
    flags: '--icc [bool]',
    kind: bool,
    help: 'containers of the default network reach each other; if not, those that are linked do, at exposed ports',
    default: true,
  },
  ip: {
    flags: '--ip <address>',
    kind: address,
    help: 'where ports are published that name no address',
    default: '0.0.0.0',
  },
  iptables: {
    flags: '--iptables [bool]',
    kind: bool,
    help: 'make rules (of nftables); without, proxies serve published ports',
    default: true,
  },
  'ip-forward': {
    flags: '--ip-forward [bool]',
    kind: bool,
    help: 'let this machine forward packets',
    default: true,
  },
  'ip-masq': {
    flags: '--ip-masq [bool]',
    kind: bool,
    help: "what leaves the default network has the machine's address",
    default: true,
  },
  'userland-proxy': {
    flags: '--userland-proxy [bool]',
    kind: bool,
    help: 'serve by a proxy what rules cannot publish: `[::1]`, and IPv6 for containers without',
    default: true,
  },
  dns: {
    flags: '--dns <address>',
    kind: addresses,
    help: 'a name server of containers that name none; may be repeated',
    shown: "the machine's",
  },
  'dns-search': {
    flags: '--dns-search <domain>',
    kind: texts(),
    help: 'a search domain, likewise',
    shown: "the machine's",
  },
  'dns-opts': {
    flags: '--dns-opt <option>',
    kind: texts(),
    help: 'an option of resolv.conf(5), likewise',
    shown: "the machine's",
  },
  'default-ulimits': {
    flags: '--default-ulimit <limit>',
    kind: ulimits,
    help: 'a limit of containers that set none: `nofile=1024:2048`; may be repeated',
  },
  'userns-remap': {
    flags: '--userns-remap <user>',
    kind: text(),
    help: 'containers have ids of their own, which have ranges in /etc/subuid and /etc/subgid: `default`, `USER[:GROUP]`, `UID[:GID]`',
  },
  'log-level': {
    flags: '-l, --log-level <level>',
    kind: choice(LOG_LEVELS),
    help: 'how much is logged, to stderr',
    default: 'info',
    reloads: true,
  },
  debug: {
    flags: '-D, --debug',
    kind: bool,
    help: 'short for the log level `debug`',
    default: false,
    reloads: true,
  },
};

/** All of them, as what does not depend on which it is sees them. */
export const allOptions = (): (readonly [Key, Option<unknown>])[] =>
  Object.entries(OPTIONS) as unknown as (readonly [Key, Option<unknown>])[];

/** The long name of its flag: `--host`. */
export const flagOf = ({ flags }: Pick<Option<unknown>, 'flags'>): string =>
  /--[a-z-]+/.exec(flags)?.[0] ?? flags;
