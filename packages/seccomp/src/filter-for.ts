import { compileFilter, type Filter } from './compile.js';
import { DOCKER_DEFAULT_PROFILE } from './default-profile.js';
import type { DockerProfile } from './profile.js';
import { resolveProfile, type Context } from './resolve.js';

/** Containers of one machine differ in few ways: a profile object keeps this many filters. */
const MAX_KEPT = 64;
const kept = new WeakMap<DockerProfile, Map<string, Filter>>();

/**
 * The filter of a profile for a container: {@link resolveProfile}, then {@link compileFilter}. Filters are kept, so
 * that the next container of the same profile (the same object) and context costs nothing.
 *
 * @param profile - By default Docker's. Must not be changed afterwards.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` as those two do.
 */
export function filterFor(context: Context, profile: DockerProfile = DOCKER_DEFAULT_PROFILE): Filter {
  const { capabilities, architecture, kernelVersion } = context;
  const key = `${architecture} ${kernelVersion} ${capabilities.toSorted().join(' ')}`;
  let filters = kept.get(profile);
  if (filters === undefined) kept.set(profile, (filters = new Map()));
  let filter = filters.get(key);
  if (filter === undefined) {
    filter = compileFilter(resolveProfile(profile, context), architecture);
    if (filters.size >= MAX_KEPT) filters.clear();
    filters.set(key, filter);
  }
  return filter;
}
