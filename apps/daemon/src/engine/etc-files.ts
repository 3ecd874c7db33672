import { readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';

import type { HostConfig } from '@ns/engine-api';
import type { MountSpec } from '@ns/execdriver';

import { invalid } from './errors.js';
import type { ContainerPaths } from './paths.js';

/** What is generated for `/etc` of a container. */
export interface EtcFiles {
  readonly hostname: string;
  readonly hosts: string;
  readonly resolvConf: string;
}

/** The files of this machine that a container's begin with. */
export interface HostEtc {
  readonly hosts: string;
  readonly resolvConf: string;
}

const LOCAL_HOSTS = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`;

type NameConfig = Pick<HostConfig, 'NetworkMode' | 'ExtraHosts' | 'Dns' | 'DnsSearch' | 'DnsOptions'>;

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a host or name server that is no address. */
export function etcFiles(hostname: string, config: NameConfig, host: HostEtc): EtcFiles {
  const shared = config.NetworkMode === 'host';
  return {
    hostname: `${hostname}\n`,
    hosts:
      (shared ? withNewline(host.hosts) : LOCAL_HOSTS) + (config.ExtraHosts ?? []).map(hostLine).join(''),
    resolvConf: resolvConf(config, host.resolvConf),
  };
}

function hostLine(entry: string): string {
  const [, name = '', address = ''] = /^([^:=]+)[:=](.*)$/s.exec(entry) ?? [];
  const bare = address.replace(/^\[(.*)\]$/, '$1');
  if (name !== '' && isIP(bare) !== 0) return `${bare}\t${name}\n`;
  throw invalid(
    'HostConfig.ExtraHosts',
    address === 'host-gateway'
      ? 'host-gateway needs bridge networks, which are not there yet'
      : `bad format for add-host: '${entry}'`,
    'The form is name:address, with an IPv4 or IPv6 address.',
  );
}

/** Docker's rules: each of the three lists replaces the host's lines of its kind. See resolv.conf(5). */
function resolvConf(config: NameConfig, host: string): string {
  const servers = config.Dns ?? [];
  const wrong = servers.find((server) => isIP(server) === 0);
  if (wrong !== undefined) throw invalid('HostConfig.Dns', `invalid IP address: '${wrong}'`);
  const lists = { nameserver: servers, search: config.DnsSearch ?? [], options: config.DnsOptions ?? [] };
  const kept = host.split('\n').filter((line) => {
    const [word = ''] = line.trim().split(/\s+/, 1);
    return (lists[(word === 'domain' ? 'search' : word) as keyof typeof lists]?.length ?? 0) === 0;
  });
  const search = lists.search.filter((domain) => domain !== '.');
  const added = [
    ...servers.map((server) => `nameserver ${server}`),
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...(lists.options.length > 0 ? [`options ${lists.options.join(' ')}`] : []),
  ];
  return withNewline([...kept.filter((line) => line !== ''), ...added].join('\n'));
}

const withNewline = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);

/** This machine's files; one that is missing is empty. */
export function readHostEtc(): HostEtc {
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  };
  return { hosts: read('/etc/hosts'), resolvConf: read('/etc/resolv.conf') };
}

/**
 * Write the files of a container; made anew at every start, so they need no fsync. Synchronous: three small files take
 * less time than handing them to another thread.
 */
export function writeEtcFiles(paths: ContainerPaths, files: EtcFiles): void {
  writeFileSync(paths.hostname, files.hostname, { mode: 0o644 });
  writeFileSync(paths.hosts, files.hosts, { mode: 0o644 });
  writeFileSync(paths.resolvConf, files.resolvConf, { mode: 0o644 });
}

/** The bind mounts that put the files into the container. */
export function etcMounts(paths: ContainerPaths): MountSpec[] {
  return [
    { type: 'bind', source: paths.resolvConf, target: '/etc/resolv.conf' },
    { type: 'bind', source: paths.hostname, target: '/etc/hostname' },
    { type: 'bind', source: paths.hosts, target: '/etc/hosts' },
  ];
}
