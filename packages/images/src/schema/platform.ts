import type { Descriptor, Platform } from './manifest.js';

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: '386',
  riscv64: 'riscv64',
  ppc64: 'ppc64le',
  s390x: 's390x',
};

/** What this machine runs, in the words of images. */
export function hostPlatform(): Platform {
  return { os: 'linux', architecture: ARCHITECTURES[process.arch] ?? process.arch };
}

/**
 * The manifest of an index that this machine runs. An index of a single image has no choice.
 *
 * @param candidates - Descriptors of images, what is not there left out.
 */
export function choosePlatform(
  candidates: readonly Descriptor[],
  host: Platform = hostPlatform(),
): Descriptor | undefined {
  const suits = ({ platform }: Descriptor): boolean =>
    platform?.os === host.os && platform.architecture === host.architecture;
  return candidates.find(suits) ?? (candidates.length === 1 ? candidates[0] : undefined);
}
