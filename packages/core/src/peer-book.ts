import type { Address, Announcement } from './announcement.ts'
import type { Did } from './did.ts'

/** `blocked` beats everything; `pending` is seen and gets nothing; `trusted` syncs. */
export type Trust = 'blocked' | 'pending' | 'trusted'

/** What runtime.toml says of the way into a peer's tunnel. */
export interface PeerTunnel {
  /** `host:port`, with brackets round an IPv6 host; the port may be left out. */
  readonly endpoint: string | undefined
  /** WireGuard public key, base64. */
  readonly publicKey: string | undefined
  /** The peer's mesh port. */
  readonly port: number
}

/** A node this one knows of, as taps and operators see it. Frozen. */
export interface PeerView {
  readonly did: Did
  /** As configured, else as approved, else as announced, else the short DID. */
  readonly name: string
  readonly trust: Trust
  /** Why it is trusted, pending or blocked: "listed in runtime.toml", "approved by the operator", `trust = "lan"` ... */
  readonly trustReason: string
  /** Plugin names, `config` and `gossip`: where its addresses came from. */
  readonly sources: readonly string[]
  /** Configured or proven by a dial, most recently proven first. */
  readonly addresses: readonly Address[]
  readonly announcement?: Announcement
  /** For peers that are listed in runtime.toml. */
  readonly tunnel?: PeerTunnel
  /** When a dial or a request last proved it, in milliseconds since the Unix epoch. */
  readonly seenAt?: number
  /** When it said goodbye, in milliseconds since the Unix epoch, unless it came back since. */
  readonly leftAt?: number
}

/** Every node that is known, by DID. */
export interface PeerBook {
  get (did: Did): PeerView | undefined
  all (): readonly PeerView[]
  trusts (did: Did): boolean
}
