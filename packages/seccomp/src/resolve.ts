import { nativeName } from './abi.js';
import { invalid } from './errors.js';
import type { ArchitectureName, DockerProfile, Rule, RuleFilter, SeccompProfile } from './profile.js';
import type { Architecture } from './tables/index.js';

/** What the conditions of a profile are about. */
export interface Context {
  /** The container's bounding set, names with or without `CAP_`. */
  readonly capabilities: readonly string[];
  readonly architecture: Architecture;
  /** `6.1.0-13-amd64`, as `uname -r` says it: the first two numbers count. */
  readonly kernelVersion: string;
}

/** Docker's words for the architectures, those of Go. */
const DOCKER_NAME: Readonly<Record<Architecture, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

/**
 * The OCI profile that a profile of Docker's format comes to for a container on a machine. Plain data in, plain data
 * out.
 *
 * @remarks
 * As Docker: `includes` must all be met (every capability, any of the architectures), any of `excludes` suffices to
 * leave the rule out.
 *
 * @param profile - One that was checked, as {@link parseProfile} does.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` when the kernel version has no number.
 */
export function resolveProfile(profile: DockerProfile, context: Context): SeccompProfile {
  const facts: Facts = {
    capabilities: new Set(context.capabilities.map((name) => `CAP_${name.replace(/^CAP_/, '')}`)),
    arch: DOCKER_NAME[context.architecture],
    kernel: version(context.kernelVersion),
  };
  const { archMap, syscalls, architectures, ...others } = profile;
  const rules = (syscalls ?? []).filter(
    ({ includes, excludes }) => isIncluded(includes, facts) && !isExcluded(excludes, facts),
  );
  return {
    ...others,
    architectures: architectures ?? fromMap(archMap ?? [], context.architecture),
    syscalls: rules.map(({ names, action, errnoRet, args }): Rule => ({ names, action, errnoRet, args })),
  };
}

/** The machine's entry; its sub-architectures that this package has no table for are no loss: the kernel refuses them. */
function fromMap(
  archMap: NonNullable<DockerProfile['archMap']>,
  architecture: Architecture,
): readonly ArchitectureName[] {
  const native = nativeName(architecture);
  const entry = archMap.find((one) => one.architecture === native);
  return entry === undefined ? [] : [native, ...(entry.subArchitectures ?? [])];
}

interface Facts {
  readonly capabilities: ReadonlySet<string>;
  readonly arch: string;
  readonly kernel: number;
}

function isIncluded(filter: RuleFilter | undefined, { capabilities, arch, kernel }: Facts): boolean {
  const { caps = [], arches = [], minKernel = '' } = filter ?? {};
  if (arches.length > 0 && !arches.includes(arch)) return false;
  if (!caps.every((name) => capabilities.has(name))) return false;
  return minKernel === '' || kernel >= version(minKernel);
}

function isExcluded(filter: RuleFilter | undefined, { capabilities, arch, kernel }: Facts): boolean {
  const { caps = [], arches = [], minKernel = '' } = filter ?? {};
  if (arches.includes(arch) || caps.some((name) => capabilities.has(name))) return true;
  return minKernel !== '' && kernel >= version(minKernel);
}

/** A version as a number that compares. */
function version(text: string): number {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(text) ?? [];
  if (major === undefined || minor === undefined) {
    throw invalid(`${JSON.stringify(text)} is no kernel version`, 'write 6.1, or what uname -r says');
  }
  return Number(major) * 1000 + Number(minor);
}
