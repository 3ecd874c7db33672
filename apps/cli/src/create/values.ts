import { readFileSync } from 'node:fs';

import type { RestartPolicy, StringMap, Ulimit } from '@ns/engine-api';

import { parseInteger } from '../flags/flag.js';
import { checkTarget } from './target.js';

const ULIMITS = [
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
];

/** `nofile=1024:2048`; one number is both; -1 is unlimited. @throws `Error` */
export function parseUlimit(text: string): Ulimit {
  const match = /^([^=]+)=(-?\d+)(?::(-?\d+))?$/.exec(text);
  if (match === null) throw new Error(`invalid ulimit argument: ${text}`);
  const [, name = '', soft = '', hard = soft] = match;
  if (!ULIMITS.includes(name)) throw new Error(`invalid ulimit type: ${name}`);
  const [Soft, Hard] = [parseInteger(soft), parseInteger(hard)];
  if (Soft < -1 || Hard < -1)
    throw new Error(`invalid ulimit argument: ${text}: only -1, for unlimited, is below 0`);
  const above = Hard !== -1 && (Soft === -1 || Soft > Hard);
  if (above) throw new Error(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
  return { Name: name, Soft, Hard };
}

/** `key=value`, or `key` with an empty value. @throws `Error` without a key. */
export function parseLabel(text: string): [key: string, value: string] {
  const [key, value] = parsePair(text);
  if (key.trim() === '') throw new Error(`invalid label '${text}': empty name`);
  return [key, value];
}

/** `key=value`, or `key`, whose value is empty. */
export function parsePair(text: string): [key: string, value: string] {
  const at = text.indexOf('=');
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

const NAMESPACED =
  /^(net\.|fs\.mqueue\.|kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced|domainname)$)/;

/** `net.core.somaxconn=1024`; sysctls of the whole machine are refused. @throws `Error` */
export function parseSysctl(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1 || !NAMESPACED.test(text.slice(0, at))) throw new Error(`sysctl '${text}' is not allowed`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** `lxc.cap.drop=sys_time`. @throws `Error` */
export function parseDriverSetting(text: string): [key: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new Error(`'${text}' is not key=value`);
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

/** `/run` or `/run:size=64m,mode=1777`. @throws `Error` */
export function parseTmpfs(text: string): [target: string, options: string] {
  const at = text.indexOf(':');
  const target = at === -1 ? text : text.slice(0, at);
  return [checkTarget(target), at === -1 ? '' : text.slice(at + 1)];
}

/** `stdin`, `stdout` or `stderr`, in any case. @throws `Error` */
export function parseAttach(text: string): 'stdin' | 'stdout' | 'stderr' {
  const word = text.toLowerCase();
  if (word === 'stdin' || word === 'stdout' || word === 'stderr') return word;
  throw new Error('valid streams are STDIN, STDOUT and STDERR');
}

/** `no-new-privileges`, or `name=value`. @throws `Error` */
export function parseSecurityOption(text: string): string {
  const [name = '', value = ''] = text.split(/[=:](.*)/s, 2);
  if (name === 'seccomp' && !['', 'unconfined', 'builtin'].includes(value))
    return `seccomp=${profile(value)}`;
  if (name === 'no-new-privileges' || (name !== '' && value !== '')) return text;
  throw new Error(`invalid --security-opt: ${JSON.stringify(text)}`);
}

/** The engine may run elsewhere: it gets the profile, not the path. */
function profile(path: string): string {
  const text = readFileSync(path, 'utf8');
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    throw new Error(`seccomp profile ${path} is not JSON`, { cause: error });
  }
}

/** A check of `host`, `container:NAME` and other words; an empty one is the engine's default. */
export function modeParser(what: string, words: readonly string[]): (text: string) => string {
  return (text) => {
    const other = words.includes('container:') && /^container:.+$/.test(text);
    if (other || text === '' || (words.includes(text) && text !== 'container:')) return text;
    throw new Error(`invalid ${what} mode, it is one of ${words.join(', ')}`);
  };
}

/** -1000 to 1000. @throws `Error` */
export function parseOomScore(text: string): number {
  const score = parseInteger(text);
  if (score < -1000 || score > 1000) throw new Error('range for oom score adj is [-1000, 1000]');
  return score;
}

/** `always`, `missing` or `never`. @throws `Error` */
export function parsePull(text: string): string {
  if (['always', 'missing', 'never'].includes(text)) return text;
  throw new Error(`invalid pull option: '${text}': must be one of "always", "missing" or "never"`);
}

/** A map of pairs; of a key that comes twice, the last counts. */
export function mapOf(pairs: readonly (readonly [string, string])[]): StringMap {
  return Object.fromEntries(pairs);
}

const RESTARTS = ['no', 'always', 'unless-stopped', 'on-failure'] as const;

/** `no`, `always`, `unless-stopped`, `on-failure[:TIMES]`. @throws `Error` */
export function parseRestart(text: string): RestartPolicy {
  const [name = '', times, ...rest] = text.split(':');
  const known = RESTARTS.find((one) => one === name);
  if (known === undefined || rest.length > 0) throw new Error(`invalid restart policy: ${text}`);
  if (times === undefined) return { Name: known };
  if (known !== 'on-failure')
    throw new Error(`invalid restart policy: ${text}: only on-failure takes a count`);
  const MaximumRetryCount = parseInteger(times);
  if (MaximumRetryCount < 0) throw new Error('maximum retry count cannot be negative');
  return { Name: known, MaximumRetryCount };
}
