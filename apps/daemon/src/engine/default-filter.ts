import { allowList, parseCapability } from '@ns/caps';
import { type Filter, filterFor, hostContext } from '@ns/seccomp';

/**
 * Compile the filter that nearly all containers have, so that the first does not wait for it: some 10 ms.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` on a machine that there are no filters for.
 */
export const compileDefaultFilter = (): Filter =>
  filterFor(hostContext(allowList({}).map((name) => parseCapability(name))));
