import { call, cstr, group, type Step } from '@ns/syscall';

import { invalid } from './invalid.js';

/** The kernel's limit: `__NEW_UTS_LEN`. */
const MAX_NAME = 64;

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a name that is empty, holds a NUL or is longer than 64 bytes. */
export function checkHostname(kind: 'hostname' | 'domainname', name: string): void {
  const size = Buffer.byteLength(name);
  if (size === 0) throw invalid(kind, 'the name is empty');
  if (name.includes('\0')) throw invalid(kind, `${JSON.stringify(name)} holds a NUL`);
  if (size > MAX_NAME)
    throw invalid(kind, `${JSON.stringify(name)} of ${size} bytes is longer than ${MAX_NAME}`);
}

/**
 * Set the names of a new uts namespace: sethostname(2), setdomainname(2).
 *
 * @remarks
 * `planNamespaces` refuses names for a namespace that is not the container's own. The domain name is NIS's; DNS does not
 * look at it.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` as {@link checkHostname}.
 */
export function setNames(names: {
  readonly hostname?: string | undefined;
  readonly domainname?: string | undefined;
}): readonly Step[] {
  const { hostname, domainname } = names;
  if (hostname !== undefined) checkHostname('hostname', hostname);
  if (domainname !== undefined) checkHostname('domainname', domainname);
  if (hostname === undefined && domainname === undefined) return [];
  return [
    group(
      'names',
      hostname === undefined
        ? []
        : call('sethostname', [cstr(hostname), Buffer.byteLength(hostname)], {
            what: `set the host name to ${hostname}`,
          }),
      domainname === undefined
        ? []
        : call('setdomainname', [cstr(domainname), Buffer.byteLength(domainname)], {
            what: `set the domain name to ${domainname}`,
          }),
    ),
  ];
}
