/** Counters of a link since it was made. */
export interface LinkStatistics {
  readonly receivedPackets: number;
  readonly sentPackets: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly receiveErrors: number;
  readonly sendErrors: number;
  readonly receiveDropped: number;
  readonly sendDropped: number;
  readonly multicastPackets: number;
  readonly collisions: number;
}

const FIELDS = [
  'receivedPackets',
  'sentPackets',
  'receivedBytes',
  'sentBytes',
  'receiveErrors',
  'sendErrors',
  'receiveDropped',
  'sendDropped',
  'multicastPackets',
  'collisions',
] as const;

/** Reads `struct rtnl_link_stats64`: its first members, in the kernel's order. */
export function parseStatistics(bytes: Buffer | undefined): LinkStatistics {
  const value = (at: number): number =>
    bytes === undefined || bytes.length < at + 8 ? 0 : Number(bytes.readBigUInt64LE(at));
  return Object.fromEntries(
    FIELDS.map((name, index) => [name, value(index * 8)]),
  ) as unknown as LinkStatistics;
}
