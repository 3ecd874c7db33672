import { invalid } from './errors.js';
import type { DockerProfile } from './profile.js';
import { checkDockerProfile } from './validate.js';

/**
 * The profile that a file of Docker's or OCI's format has: what `--security-opt seccomp=FILE` names.
 *
 * @remarks
 * Integers of 64 bits keep all their bits: those above 2^53 are read as bigint. `name` of old Docker profiles is
 * `names` with one entry. Members that no version of the formats has are ignored, as Docker does.
 *
 * @param text - JSON.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` with the place: `seccomp: syscalls[3].args[0].op: …`.
 */
export function parseProfile(text: string): DockerProfile {
  let value: unknown;
  try {
    value = JSON.parse(quoteLong(text), revive);
  } catch (error) {
    throw invalid(`the profile is no JSON: ${(error as Error).message}`, 'check it with jq');
  }
  const profile = modernise(value);
  checkDockerProfile(profile);
  return profile;
}

/** Numbers that a double may not hold, as strings that {@link revive} knows. */
const quoteLong = (text: string): string =>
  text.replaceAll(/"(?:[^"\\]|\\.)*"|(?<![\w.])-?\d{16,}(?![\d.eE])/g, (token) =>
    token.startsWith('"') ? token : `"${MARK}${token}"`,
  );
const MARK = '\\u0000n';

function revive(_key: string, value: unknown): unknown {
  // What Go writes for an empty list is a member that is not there.
  if (value === null) return undefined;
  if (typeof value !== 'string' || !value.startsWith('\0n')) return value;
  const number = BigInt(value.slice(2));
  return number <= BigInt(Number.MAX_SAFE_INTEGER) && number >= 0n ? Number(number) : number;
}

/** Old profiles have `name` instead of `names`. */
function modernise(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('syscalls' in value)) return value;
  const { syscalls } = value;
  if (!Array.isArray(syscalls)) return value;
  return { ...value, syscalls: syscalls.map((rule, index) => withNames(rule, `syscalls[${index}]`)) };
}

function withNames(rule: unknown, place: string): unknown {
  if (typeof rule !== 'object' || rule === null || !('name' in rule)) return rule;
  const { name, ...others } = rule;
  if (name === '') return others;
  if ('names' in others && Array.isArray(others.names) && others.names.length > 0) {
    throw invalid(`${place}.name: names are given too`, 'use one of them');
  }
  return { ...others, names: [name] };
}
