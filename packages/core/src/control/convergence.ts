import type { Did } from '../did.ts'
import type { FeedId } from '../transport.ts'

/** A feed, as operators see it. */
export interface NamedFeed extends FeedId {
  /** What the origin is called here. */
  readonly name: string
}

/** Envelopes of one feed that are missing somewhere. */
export interface FeedRange extends NamedFeed {
  /** Number of the first; where a feed forked, perhaps of one that is there. */
  readonly from: number
  /** Number of the last. */
  readonly to: number
  readonly envelopes: number
  /** The feed forked, and the other path is not known here: how many are missing is a guess then, one at least. */
  readonly unknown_path?: true
}

/** Envelopes that this node lacks, and who has them. */
export interface MissingRange extends FeedRange {
  /** Peers that said they have them, linked now or not. Empty: something after them is here, but nobody known has them. */
  readonly has: readonly Did[]
  /** Shared transports (folders) that have them. */
  readonly shared?: readonly string[]
  /** Why they are not here, for people. */
  readonly reason: string
}

/** A feed that is not pushed to a peer for now. */
export interface HeldFeed extends NamedFeed {
  readonly reason: string
  /** Missing when it is tried again only once the peer is asked anew, or something changes. */
  readonly retry_in_ms?: number
}

/** How a trusted peer stands to this node. Lists are cut at 50 rows; `left_out` says how many more there are. */
export interface PeerConvergence {
  readonly peer_id: Did
  readonly name: string
  /** Envelopes of this node's own that it has. */
  readonly acked_seq: number
  /** Envelopes the peer lacks, and envelopes it has that this node lacks; over all rows. */
  readonly lag: number
  readonly behind: number
  /** True when its link is up and it said itself that it has the same: equal version vectors and heads over what both admit. */
  readonly converged: boolean
  /** Whether the link to it is up. */
  readonly linked: boolean
  readonly reason: string
  /** When it last said all that it has, ISO 8601; missing when it has not since this node started. */
  readonly said_at?: string
  readonly missing_there: readonly FeedRange[]
  readonly missing_here: readonly FeedRange[]
  /** What it does not get because it does not admit the origin. This does not count as missing. */
  readonly withheld: readonly FeedRange[]
  readonly held: readonly HeldFeed[]
  /** Feeds of which it says the same envelopes with other heads: one of both is damaged, or does not tell the truth. */
  readonly differing: readonly NamedFeed[]
  readonly left_out: Readonly<Record<'missing_there' | 'missing_here' | 'withheld' | 'held' | 'differing', number>>
}

/** What is kept aside of a feed. */
export interface ParkedFeed extends NamedFeed {
  /** `trust`: waiting for trust in the origin. `before`: something before it is missing. */
  readonly why: 'trust' | 'before'
  readonly reason: string
  readonly items: number
  readonly bytes: number
}

/** What was refused because it is damaged or hostile, or was set aside as damaged, since this node started. */
export interface Quarantined extends Partial<NamedFeed> {
  readonly reason: string
  readonly times: number
  readonly at?: string
  /** Id of the envelope, hex, when it is in quarantine for good. */
  readonly id?: string
}

/** A feed with more than one path: all of them count. */
export interface ForkedFeed extends NamedFeed {
  readonly tips: readonly { readonly seq: number, readonly id: string }[]
}

/** Is everything everywhere, and if not, what is missing where, who has it, and why? Lists are cut at 50 rows. */
export interface Convergence {
  readonly agent: string | null
  /** Sum of this node's own last sequence numbers. */
  readonly local_seq: number
  readonly peers: readonly PeerConvergence[]
  /** What this node lacks, as far as anything known here tells of it. */
  readonly missing: readonly MissingRange[]
  readonly parked: readonly ParkedFeed[]
  /** Envelopes of origins that are not trusted, which are here because somebody trusted built on them. */
  readonly vouched: readonly { readonly journal: string, readonly origin: Did, readonly name: string, readonly envelopes: number }[]
  readonly quarantined: readonly Quarantined[]
  readonly forks: readonly ForkedFeed[]
  readonly left_out: Readonly<Record<'missing' | 'parked' | 'vouched' | 'quarantined' | 'forks', number>>
  /**
   * True when there is a peer, each trusted peer said it has the same, and nothing here waits for something before it; or,
   * with no peers, when the folder has it all. What waits for trust does not count.
   */
  readonly converged: boolean
  readonly heads: readonly string[]
  readonly reason: string
}
