import { posix } from 'node:path';

import { SIG } from '@ns/syscall';

import { invalid } from '../failure.js';
import type { Healthcheck } from '../schema/config.js';
import { expandWord, splitWords } from './words.js';

/** What changes make of an image's configuration. */
export interface ChangedConfig {
  User?: string;
  ExposedPorts?: Record<string, Record<string, never>>;
  Env?: string[];
  Entrypoint?: string[] | null;
  Cmd?: string[] | null;
  Volumes?: Record<string, Record<string, never>>;
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
  OnBuild?: string[];
  Healthcheck?: Healthcheck;
}

type Instruction = (config: ChangedConfig, rest: string) => void;

const OPERATION = 'changes';
const MAX_PORT = 65_535;

const variablesOf = ({ Env }: ChangedConfig): Map<string, string> =>
  new Map(
    (Env ?? []).map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );

/** The words of an instruction, or the strings of its JSON form, with variables put in. */
function words(config: ChangedConfig, name: string, rest: string): string[] {
  const variables = variablesOf(config);
  const list = (jsonForm(rest) ?? splitWords(rest))
    .map((word) => expandWord(word, variables))
    .filter(Boolean);
  if (list.length === 0) throw invalid(OPERATION, `${name} requires at least one argument`);
  return list;
}

function oneWord(config: ChangedConfig, name: string, rest: string): string {
  const word = expandWord(rest.trim(), variablesOf(config));
  if (word === '') throw invalid(OPERATION, `${name} requires exactly one argument`);
  return word;
}

/** The strings of `["a", "b"]`. What only looks like it is a shell's command, as Docker has it. */
function jsonForm(rest: string): string[] | undefined {
  if (!rest.startsWith('[')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(rest);
  } catch {
    return undefined;
  }
  const isList = Array.isArray(value) && value.every((element) => typeof element === 'string');
  return isList ? (value as string[]) : undefined;
}

/** A command as a list, or as a line for the shell. */
const command = (rest: string): string[] | null => {
  const list = jsonForm(rest);
  if (list !== undefined) return list.length === 0 ? null : list;
  return rest === '' ? null : ['/bin/sh', '-c', rest];
};

/** `name=value` words, or a name and the rest of the line. */
function pairs(config: ChangedConfig, instruction: string, rest: string): (readonly [string, string])[] {
  const variables = variablesOf(config);
  const list = splitWords(rest);
  const [first] = list;
  if (first === undefined) throw invalid(OPERATION, `${instruction} requires at least one argument`);
  if (!first.includes('=')) {
    const [, name = '', value = ''] = /^(\S+)\s+(.*)$/s.exec(rest) ?? [];
    if (name === '')
      throw invalid(OPERATION, `${instruction} ${first} has no value`, { hint: 'write NAME=VALUE' });
    return [[expandWord(name, variables), expandWord(value, variables)]];
  }
  return list.map((word) => {
    const at = word.indexOf('=');
    if (at < 0) throw invalid(OPERATION, `${instruction}: ${JSON.stringify(word)} is not NAME=VALUE`);
    const name = expandWord(word.slice(0, at), variables);
    if (name === '') throw invalid(OPERATION, `${instruction}: ${JSON.stringify(word)} has no name`);
    return [name, expandWord(word.slice(at + 1), variables)] as const;
  });
}

const withNames = (
  known: Record<string, Record<string, never>> | undefined,
  names: readonly string[],
): Record<string, Record<string, never>> => ({
  ...known,
  ...Object.fromEntries(names.map((name) => [name, {}])),
});

/** `80`, `80/udp`, `8000-8010/tcp`: each port with its protocol. */
function portsOf(text: string): string[] {
  const [, from = '', to = from, protocol = 'tcp'] =
    /^([0-9]{1,5})(?:-([0-9]{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? [];
  const [start, end] = [Number(from), Number(to)];
  if (from === '' || start < 1 || end > MAX_PORT || start > end) {
    throw invalid(OPERATION, `EXPOSE: ${JSON.stringify(text)} is no port`, {
      hint: 'PORT[-PORT][/tcp|udp|sctp]',
    });
  }
  return Array.from({ length: end - start + 1 }, (_, index) => `${start + index}/${protocol.toLowerCase()}`);
}

function signalOf(text: string): string {
  const name = text.toUpperCase();
  const known = Object.hasOwn(SIG, name.startsWith('SIG') ? name : `SIG${name}`);
  const isNumber = /^[0-9]{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= 64;
  if (known || isNumber || /^(SIG)?RTM(IN\+|AX-)[0-9]{1,2}$/.test(name)) return text;
  throw invalid(OPERATION, `STOPSIGNAL: ${JSON.stringify(text)} is no signal`, {
    hint: 'for example SIGTERM or 15',
  });
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** A duration as Go writes it, `1m30s`, in nanoseconds. */
function durationOf(text: string): number {
  const parts = [...text.matchAll(/([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw invalid(OPERATION, `HEALTHCHECK: ${JSON.stringify(text)} is no duration`, {
      hint: 'for example 1m30s',
    });
  }
  return Math.round(
    parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0),
  );
}

const HEALTH_DURATIONS: Readonly<Record<string, 'Interval' | 'Timeout' | 'StartPeriod' | 'StartInterval'>> = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
};

function healthcheckOf(line: string): Healthcheck {
  const check: { -readonly [Key in keyof Healthcheck]: Healthcheck[Key] } = {};
  let rest = line;
  for (;;) {
    const [flag, name = '', value = ''] = /^--([a-z-]+)=(\S+)\s*/.exec(rest) ?? [];
    if (flag === undefined) break;
    const duration = Object.hasOwn(HEALTH_DURATIONS, name) ? HEALTH_DURATIONS[name] : undefined;
    if (duration !== undefined) check[duration] = durationOf(value);
    else if (name === 'retries' && /^[0-9]{1,6}$/.test(value)) check.Retries = Number(value);
    else throw invalid(OPERATION, `HEALTHCHECK has no option --${name}=${value}`);
    rest = rest.slice(flag.length);
  }
  if (/^NONE$/i.test(rest)) return { Test: ['NONE'] };
  const [, program = ''] = /^CMD\s+(.+)$/is.exec(rest) ?? [];
  if (program === '') throw invalid(OPERATION, 'HEALTHCHECK is followed by NONE, or by CMD and a command');
  const list = jsonForm(program);
  return { ...check, Test: list === undefined ? ['CMD-SHELL', program] : ['CMD', ...list] };
}

/** The instructions that change a configuration without running anything. */
export const INSTRUCTIONS: Readonly<Record<string, Instruction>> = {
  CMD: (config, rest) => void (config.Cmd = command(rest)),
  ENTRYPOINT: (config, rest) => void (config.Entrypoint = command(rest)),
  ENV: (config, rest) => {
    const env = new Map((config.Env ?? []).map((entry) => [entry.slice(0, entry.indexOf('=')), entry]));
    for (const [name, value] of pairs(config, 'ENV', rest)) env.set(name, `${name}=${value}`);
    config.Env = [...env.values()];
  },
  EXPOSE: (config, rest) => {
    const ports = words(config, 'EXPOSE', rest).flatMap((word) => portsOf(word));
    config.ExposedPorts = withNames(config.ExposedPorts, ports);
  },
  HEALTHCHECK: (config, rest) => void (config.Healthcheck = healthcheckOf(rest)),
  LABEL: (config, rest) => {
    config.Labels = { ...config.Labels, ...Object.fromEntries(pairs(config, 'LABEL', rest)) };
  },
  ONBUILD: (config, rest) => {
    if (rest === '') throw invalid(OPERATION, 'ONBUILD requires an instruction');
    config.OnBuild = [...(config.OnBuild ?? []), rest];
  },
  STOPSIGNAL: (config, rest) => void (config.StopSignal = signalOf(oneWord(config, 'STOPSIGNAL', rest))),
  USER: (config, rest) => void (config.User = oneWord(config, 'USER', rest)),
  VOLUME: (config, rest) => {
    config.Volumes = withNames(config.Volumes, words(config, 'VOLUME', rest));
  },
  WORKDIR: (config, rest) => {
    config.WorkingDir = posix.resolve('/', config.WorkingDir ?? '/', oneWord(config, 'WORKDIR', rest));
  },
};
