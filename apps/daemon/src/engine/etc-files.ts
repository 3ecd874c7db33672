import {
  chownSync,
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { isIP } from 'node:net';

import type { HostConfig } from '@ns/engine-api';
import type { MountSpec } from '@ns/execdriver';
import { hostResolvConf, hosts, type HostsLink, parseExtraHost, resolvConf } from '@ns/netfw';

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

type NameConfig = Pick<HostConfig, 'NetworkMode' | 'ExtraHosts' | 'Dns' | 'DnsSearch' | 'DnsOptions'>;

/** What a container's network has to say in its files. */
export interface EtcNetwork {
  readonly domainname?: string | undefined;
  /** Its own addresses. */
  readonly addresses?: readonly string[];
  /** What `host-gateway` stands for. */
  readonly hostGateway?: readonly string[];
  /** Other containers by name. */
  readonly links?: readonly HostsLink[];
  readonly isIpv6?: boolean;
  /** Of the daemon, for containers that name none. */
  readonly dns?: readonly string[];
  readonly dnsSearch?: readonly string[];
  readonly dnsOptions?: readonly string[];
}

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a host or name server that is no address. */
export function etcFiles(
  hostname: string,
  config: NameConfig,
  host: HostEtc,
  network: EtcNetwork = {},
): EtcFiles {
  const isShared = config.NetworkMode === 'host';
  const { hostGateway = [], links = [], addresses = [] } = network;
  const extraHosts = config.ExtraHosts ?? [];
  for (const entry of extraHosts) checkHost(entry, isShared ? ['127.0.0.1'] : hostGateway);
  const names = { hostname: hostname || 'localhost', domainname: network.domainname };
  return {
    hostname: `${hostname}\n`,
    hosts: isShared
      ? withNewline(host.hosts) + withoutLocal(hosts({ ...names, extraHosts, hostGateway: ['127.0.0.1'] }))
      : hosts({ ...names, addresses, extraHosts, hostGateway, links }),
    resolvConf: nameServers(config, host, network, isShared),
  };
}

/** Lines beyond those that every such file has. */
const withoutLocal = (text: string): string => text.slice(hosts({ hostname: 'localhost' }).length);

function checkHost(entry: string, hostGateway: readonly string[]): void {
  const hint = 'The form is name:address, with an IPv4 or IPv6 address, or host-gateway.';
  let address: string;
  try {
    ({ address } = parseExtraHost(entry));
  } catch {
    throw invalid('HostConfig.ExtraHosts', `bad format for add-host: '${entry}'`, hint);
  }
  if (address !== 'host-gateway' || hostGateway.length > 0) return;
  throw invalid(
    'HostConfig.ExtraHosts',
    'host-gateway has no address: the container is on no bridge network',
    hint,
  );
}

/** Docker's rules: each of the three lists replaces the host's of its kind. See resolv.conf(5). */
function nameServers(config: NameConfig, host: HostEtc, network: EtcNetwork, isHostNetwork: boolean): string {
  const wrong = (config.Dns ?? []).find((server) => isIP(server) === 0);
  if (wrong !== undefined) throw invalid('HostConfig.Dns', `invalid IP address: '${wrong}'`);
  const given = (
    own: readonly string[] | null | undefined,
    theirs: readonly string[] | undefined,
  ): readonly string[] => (own?.length ? own : isHostNetwork ? [] : (theirs ?? []));
  return resolvConf(host.resolvConf, {
    dns: given(config.Dns, network.dns),
    dnsSearch: given(config.DnsSearch, network.dnsSearch),
    dnsOptions: given(config.DnsOptions, network.dnsOptions),
    ipv6: network.isIpv6,
    isHostNetwork,
  });
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
  return { hosts: read('/etc/hosts'), resolvConf: hostResolvConf() };
}

/**
 * Write the files of a container; made anew at every start, so they need no fsync. Synchronous: three small files take
 * less time than handing them to another thread.
 *
 * @param owner - Root of the container.
 */
export function writeEtcFiles(
  paths: ContainerPaths,
  files: EtcFiles,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): void {
  for (const name of ['hostname', 'hosts', 'resolvConf'] as const) {
    writeFileSync(paths[name], files[name], { mode: 0o644 });
    if (uid !== 0) chownSync(paths[name], uid, gid);
  }
}

/** Renew the names of a container that runs: the same file, which is bound into it. */
export function rewriteHosts(paths: ContainerPaths, text: string): void {
  const file = openSync(paths.hosts, 'r+');
  try {
    // In this order: who reads meanwhile sees the old lines or the new, and never none.
    writeSync(file, text, 0);
    ftruncateSync(file, Buffer.byteLength(text));
  } finally {
    closeSync(file);
  }
}

/** The bind mounts that put the files into the container. */
export function etcMounts(paths: ContainerPaths): MountSpec[] {
  return [
    { type: 'bind', source: paths.resolvConf, target: '/etc/resolv.conf' },
    { type: 'bind', source: paths.hostname, target: '/etc/hostname' },
    { type: 'bind', source: paths.hosts, target: '/etc/hosts' },
  ];
}
