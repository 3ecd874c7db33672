import type { Mount, RestartPolicy, Ulimit } from '@ns/engine-api';

import { bool, list, parseInteger, value, type Flag } from '../flags/flag.js';
import { parseMount } from './mount.js';
import { networkFlags, type NetworkFlags } from './network.js';
import { parseSize } from './size.js';
import {
  modeParser,
  parseAttach,
  parseDriverSetting,
  parseLabel,
  parseOomScore,
  parsePull,
  parseRestart,
  parseSecurityOption,
  parseSysctl,
  parseTmpfs,
  parseUlimit,
} from './values.js';
import { resourceFlags, type ResourceFlags } from './resources.js';
import { parseVolume, type Volume } from './volume.js';

type Pair = readonly [string, string];

/** The flags of `run`, `create` and `explain run` that describe the container. */
export type CreateFlags = ResourceFlags &
  NetworkFlags & {
    readonly attach: Flag<readonly ('stdin' | 'stdout' | 'stderr')[]>;
    readonly capAdd: Flag<readonly string[]>;
    readonly capDrop: Flag<readonly string[]>;
    readonly cidfile: Flag<string | undefined>;
    readonly domainname: Flag<string | undefined>;
    readonly entrypoint: Flag<string | undefined>;
    readonly env: Flag<readonly string[]>;
    readonly envFile: Flag<readonly string[]>;
    readonly groupAdd: Flag<readonly string[]>;
    readonly hostname: Flag<string | undefined>;
    readonly init: Flag<boolean>;
    readonly interactive: Flag<boolean>;
    readonly ipc: Flag<string | undefined>;
    readonly label: Flag<readonly Pair[]>;
    readonly lxcConf: Flag<readonly Pair[]>;
    readonly mount: Flag<readonly Mount[]>;
    readonly name: Flag<string | undefined>;
    readonly oomScoreAdj: Flag<number | undefined>;
    readonly cgroupns: Flag<string | undefined>;
    readonly privileged: Flag<boolean>;
    readonly pid: Flag<string | undefined>;
    readonly pull: Flag<string | undefined>;
    readonly readOnly: Flag<boolean>;
    readonly restart: Flag<RestartPolicy | undefined>;
    readonly rm: Flag<boolean>;
    readonly rootfs: Flag<string | undefined>;
    readonly runtime: Flag<string | undefined>;
    readonly securityOpt: Flag<readonly string[]>;
    readonly shmSize: Flag<number | undefined>;
    readonly stopSignal: Flag<string | undefined>;
    readonly stopTimeout: Flag<number | undefined>;
    readonly sysctl: Flag<readonly Pair[]>;
    readonly tmpfs: Flag<readonly Pair[]>;
    readonly tty: Flag<boolean>;
    readonly ulimit: Flag<readonly Ulimit[]>;
    readonly user: Flag<string | undefined>;
    readonly userns: Flag<string | undefined>;
    readonly uts: Flag<string | undefined>;
    readonly volume: Flag<readonly Volume[]>;
    readonly workdir: Flag<string | undefined>;
  };

const here = (): string => process.cwd();

/** See {@link CreateFlags}. */
export const createFlags: CreateFlags = {
  ...resourceFlags,
  ...networkFlags,
  attach: list('Attach to STDIN, STDOUT or STDERR', { short: 'a', parse: parseAttach }),
  capAdd: list('Add Linux capabilities'),
  capDrop: list('Drop Linux capabilities'),
  cgroupns: value('Cgroup namespace to use (host|private)', {
    parse: modeParser('CGROUP', ['host', 'private']),
  }),
  cidfile: value('Write the container ID to the file'),
  domainname: value('Container NIS domain name'),
  entrypoint: value('Overwrite the default ENTRYPOINT of the image'),
  env: list('Set environment variables; NAME alone takes the value it has here', { short: 'e' }),
  envFile: list('Read in a file of environment variables'),
  groupAdd: list('Add additional groups to join'),
  hostname: value('Container host name', { short: 'h' }),
  init: bool('Run an init inside the container that forwards signals and reaps processes'),
  interactive: bool('Keep STDIN open even if not attached', { short: 'i' }),
  ipc: value('IPC namespace: none, private, shareable, host, container:NAME', {
    parse: modeParser('IPC', ['none', 'private', 'shareable', 'host', 'container:']),
  }),
  label: list('Set meta data on a container', { short: 'l', parse: parseLabel }),
  lxcConf: list(
    'Settings for the driver in its own words, which the driver lxc takes: lxc.cap.drop=sys_time',
    {
      value: 'key=value',
      parse: parseDriverSetting,
    },
  ),
  mount: list('Attach a filesystem mount to the container: type=bind|tmpfs|volume,source=…,target=…', {
    value: 'mount',
    parse: (text: string) => parseMount(text, here()),
  }),
  name: value('Assign a name to the container'),
  oomScoreAdj: value("Tune host's OOM preferences (-1000 to 1000)", { value: 'int', parse: parseOomScore }),
  pid: value('PID namespace: host, container:NAME', { parse: modeParser('PID', ['host', 'container:']) }),
  privileged: bool('Give extended privileges to this container'),
  pull: value('Taken for the sake of scripts; images come with ns import and ns load', { parse: parsePull }),
  readOnly: bool("Mount the container's root filesystem as read only"),
  restart: value(
    'Restart policy to apply when a container exits: no, always, unless-stopped, on-failure[:TIMES]',
    {
      parse: parseRestart,
    },
  ),
  rm: bool('Automatically remove the container and its associated anonymous volumes when it exits'),
  rootfs: value('Run from this directory, under an overlay, instead of an image', { value: 'dir' }),
  runtime: value('Execution driver to use for this container: ns info lists them'),
  securityOpt: list('Security options: no-new-privileges, seccomp=FILE|unconfined', {
    parse: parseSecurityOption,
  }),
  shmSize: value('Size of /dev/shm', { value: 'bytes', parse: parseSize }),
  stopSignal: value('Signal to stop the container'),
  stopTimeout: value('Timeout (in seconds) to stop a container', { value: 'int', parse: parseInteger }),
  sysctl: list('Sysctl options, of the namespaces only', { value: 'map', parse: parseSysctl }),
  tmpfs: list('Mount a tmpfs directory: target[:options]', { parse: parseTmpfs }),
  tty: bool('Allocate a pseudo-TTY', { short: 't' }),
  ulimit: list('Ulimit options: nofile=1024:2048', { value: 'ulimit', parse: parseUlimit }),
  user: value('Username or UID (format: <name|uid>[:<group|gid>])', { short: 'u' }),
  userns: value('User namespace: host', { parse: modeParser('USER', ['host']) }),
  uts: value('UTS namespace: host', { parse: modeParser('UTS', ['host']) }),
  volume: list('Bind mount a volume: source:target[:options]', {
    short: 'v',
    parse: (text: string) => parseVolume(text, here()),
  }),
  workdir: value('Working directory inside the container', { short: 'w' }),
};
