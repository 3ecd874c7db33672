/** A network namespace: that of a process, or of an open `/proc/PID/ns/net`. */
export type Netns = { readonly pid: number } | { readonly fd: number };

/** What every link has. */
export interface LinkSettings {
  /** At most 15 bytes, without `/` and blanks. */
  readonly name?: string | undefined;
  /** Bytes of a packet. */
  readonly mtu?: number | undefined;
  /** `02:42:ac:11:00:02`. */
  readonly mac?: string | undefined;
  /** Packets that may wait to be sent. */
  readonly txQueueLength?: number | undefined;
  /** The namespace that the link is put into. */
  readonly netns?: Netns | undefined;
  readonly isUp?: boolean | undefined;
  /** Index of the bridge that the link becomes a port of; zero for none. */
  readonly master?: number | undefined;
}

/** Settings of a link that is being made. */
export interface NewLinkSettings extends LinkSettings {
  readonly name: string;
  /** The index to take; the kernel chooses when it is absent. In a new namespace 1 is `lo`, the others are free. */
  readonly index?: number | undefined;
}

/**
 * The other end of a veth pair. It can come up, and become a port, when the pair exists: `setLink`. The kernel heeds its
 * index only when the link itself has one too.
 */
export type PeerSettings = Omit<NewLinkSettings, 'isUp' | 'master'>;

/** Options of a bridge. */
export interface BridgeOptions {
  /** Spanning tree protocol. Default off. */
  readonly stp?: boolean | undefined;
  /** Time in the listening and learning states, in milliseconds. With STP off it does not matter. */
  readonly forwardDelayMs?: number | undefined;
  /** Time after which an idle MAC address is forgotten, in milliseconds. */
  readonly ageingTimeMs?: number | undefined;
  readonly vlanFiltering?: boolean | undefined;
  readonly multicastSnooping?: boolean | undefined;
}

/** Options of a port of a bridge. */
export interface BridgePortOptions {
  /** A packet may leave through the port it came in. */
  readonly hairpin?: boolean | undefined;
  /** Isolated ports reach only ports that are not isolated. */
  readonly isolated?: boolean | undefined;
  readonly learning?: boolean | undefined;
  readonly flooding?: boolean | undefined;
}

/** Which macvlan interfaces of one parent reach each other. */
export type MacvlanMode = 'private' | 'vepa' | 'bridge' | 'passthru' | 'source';
/** On which layer an ipvlan switches. */
export type IpvlanMode = 'l2' | 'l3' | 'l3s';

/** What a vxlan is. */
export interface VxlanOptions {
  /** Network identifier, 24 bits. */
  readonly id: number;
  /** Index of the link below; may be left out when `local` or `remote` route. */
  readonly parent?: number | undefined;
  /** Address of the other end, or a multicast group. */
  readonly remote?: string | undefined;
  readonly local?: string | undefined;
  /** UDP port. Default 4789, the registered one, not the kernel's 8472. */
  readonly port?: number | undefined;
  readonly learning?: boolean | undefined;
}

/** A link to make. */
export type LinkSpec = NewLinkSettings &
  (
    | ({ readonly kind: 'bridge' } & BridgeOptions)
    | { readonly kind: 'veth'; readonly peer: PeerSettings }
    | { readonly kind: 'macvlan'; readonly parent: number; readonly mode?: MacvlanMode | undefined }
    | { readonly kind: 'ipvlan'; readonly parent: number; readonly mode?: IpvlanMode | undefined }
    | { readonly kind: 'vlan'; readonly parent: number; readonly vlanId: number }
    | ({ readonly kind: 'vxlan' } & VxlanOptions)
    | { readonly kind: 'dummy' }
  );

/** A link by its name or its index. */
export type LinkRef = string | number;
