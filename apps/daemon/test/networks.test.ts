/** What the API has to do with networks that no container is on: nothing of the machine is touched. */
import type { NetworkCreateRequest } from '@ns/engine-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Harness, harness, shell } from './harness.js';

let h: Harness;
beforeAll(async () => {
  h = await harness();
});
afterAll(() => h[Symbol.asyncDispose]());

const IPAM = (subnet: string): { Config: { Subnet: string }[] } => ({ Config: [{ Subnet: subnet }] });
const names = async (): Promise<string[]> => (await h.client.networkList()).map(({ Name }) => Name);

describe('networks', () => {
  it.each<[string, Partial<NetworkCreateRequest>]>([
    ['Scope other than local', { Scope: 'swarm' }],
    ['Ingress', { Ingress: true }],
    ['ConfigOnly', { ConfigOnly: true }],
    ['ConfigFrom', { ConfigFrom: { Network: 'x' } }],
    ['EnableIPv4 false', { EnableIPv4: false }],
    ['IPAM.Driver other than default', { IPAM: { Driver: 'dhcp' } }],
    ['IPAM.Options', { IPAM: { Options: { a: 'b' } } }],
    [
      'IPAM.Config.AuxiliaryAddresses',
      { IPAM: { Config: [{ Subnet: '10.77.1.0/24', AuxiliaryAddresses: { a: '10.77.1.5' } }] } },
    ],
    ['IPAM.Config without Subnet', { IPAM: { Config: [{ Gateway: '10.77.1.1' }] } }],
  ])('have no %s, and it is refused', async (what, request) => {
    await expect(h.client.networkCreate({ Name: 'x', ...request })).rejects.toMatchObject({
      status: 501,
      message: expect.stringContaining(`networks have no ${what} here`),
    });
    expect(await names()).toEqual(['host', 'none']);
  });

  it('take what says nothing', async () => {
    const { Id, Warning } = await h.client.networkCreate({
      Name: 'plain',
      Scope: 'local',
      EnableIPv4: true,
      ConfigFrom: { Network: '' },
      IPAM: {
        Driver: 'default',
        Options: null,
        Config: [{ Subnet: '10.77.2.0/24', AuxiliaryAddresses: null }],
      },
    });
    expect(Warning).toBe('');
    const { IPAM: ipam, Containers } = await h.client.networkInspect(Id);
    expect([ipam.Config, Containers]).toEqual([[{ Subnet: '10.77.2.0/24', Gateway: '10.77.2.1' }], {}]);
    await h.client.networkRemove('plain');
  });

  it('are pruned by label and age', async () => {
    const Labels = { role: 'test', constructor: 'x' };
    await h.client.networkCreate({ Name: 'labelled', Labels, IPAM: IPAM('10.77.3.0/24') });
    await h.client.networkCreate({ Name: 'bare', IPAM: IPAM('10.77.4.0/24') });
    const pruned = async (filters: Record<string, string[]>): Promise<string[] | null> =>
      (await h.client.networkPrune({ filters })).NetworksDeleted;
    expect(await pruned({ until: ['1h'] })).toEqual([]);
    expect(await pruned({ label: ['toString'] })).toEqual([]);
    await expect(pruned({ until: ['never'] })).rejects.toMatchObject({ status: 400 });
    await expect(pruned({ name: ['bare'] })).rejects.toMatchObject({ status: 400 });
    expect(await pruned({ 'label!': ['role=test'] })).toEqual(['bare']);
    expect(await pruned({ label: ['role=other'] })).toEqual([]);
    expect(await pruned({ label: ['role=test'], until: ['0s'] })).toEqual(['labelled']);
    expect(await names()).toEqual(['host', 'none']);
  });

  it('are joined by what a place on them has', async () => {
    await h.client.networkCreate({ Name: 'joined', IPAM: IPAM('10.77.5.0/24') });
    const { Id } = await h.client.containerCreate(shell('true', { HostConfig: { NetworkMode: 'joined' } }));
    const join = (EndpointConfig: object): Promise<void> =>
      h.client.networkConnect('joined', { Container: Id, EndpointConfig });
    await h.client.networkDisconnect('joined', { Container: Id });
    for (const settings of [
      { Links: ['a:b'] },
      { DriverOpts: { a: 'b' } },
      { GwPriority: 1 },
      { IPAMConfig: { LinkLocalIPs: ['169.254.1.1'] } },
    ]) {
      const [member] = Object.keys(settings.IPAMConfig ?? settings);
      await expect(join(settings)).rejects.toMatchObject({
        status: 501,
        message: expect.stringContaining(`has no ${member} here`),
      });
    }
    await join({ IPAMConfig: { IPv4Address: '10.77.5.9' }, Aliases: ['x'] });
    await expect(join({})).rejects.toMatchObject({ status: 409 });
    await h.client.containerRemove(Id);
    await h.client.networkRemove('joined');
  });
});
