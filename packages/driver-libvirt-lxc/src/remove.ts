import { setTimeout as sleep } from 'node:timers/promises';

import { NsError } from '@ns/errors';
import type { Place } from '@ns/execdriver/kit';

import { readFacts, type Facts } from './facts.js';
import { removePartition } from './groups.js';
import { isAbsent, isUnreachable, virsh } from './virsh.js';

const DESTROY_MS = 10_000;
const PAUSE_MS = 50;

/** Remove a container's domain, and the cgroup of libvirt's processes. Idempotent. */
export async function removeContainer(place: Place): Promise<void> {
  const facts = readFacts(place);
  if (facts === undefined) return;
  if (facts.domain !== undefined) await destroyDomain(facts.domain);
  if (facts.partition !== undefined) await removePartition(facts.partition);
}

/**
 * It goes by itself when its container has ended, a little later: that is waited for. A libvirtd that is not there has no
 * domain; the container's processes end with the launcher in any case.
 */
async function destroyDomain({ uri, uuid }: NonNullable<Facts['domain']>): Promise<void> {
  const until = Date.now() + DESTROY_MS;
  for (;;) {
    const outcome = await virsh(['--connect', uri, 'destroy', uuid], DESTROY_MS);
    if (isAbsent(outcome) || isUnreachable(outcome)) return;
    if (Date.now() < until) {
      if (outcome.ended !== 'well') await sleep(PAUSE_MS);
      continue;
    }
    throw new NsError('ERR_NS_TOOL_FAILED', {
      operation: 'destroy',
      message: `virsh destroy ${uuid}: ${outcome.error === '' ? 'the domain is still there' : outcome.error}`,
      hint: `see virsh --connect '${uri}' list --all, and libvirtd’s log`,
    });
  }
}
