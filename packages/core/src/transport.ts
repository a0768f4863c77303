import type { Address, SignedAnnouncement } from './announcement.ts'
import type { Did } from './did.ts'

/** One origin's numbered envelopes for one part of one journal. */
export interface FeedId {
  readonly journal: string
  readonly part: 'log' | 'state'
  readonly origin: Did
}

/** The last envelope of a path through a feed. */
export interface Tip {
  readonly seq: number
  /** Envelope id, 32 bytes. */
  readonly id: Uint8Array
}

/** What a node has of one feed. One tip, unless the feed is forked. */
export interface FeedState {
  readonly feed: FeedId
  readonly tips: readonly Tip[]
  /** Heads of the Automerge document after the tips, 32 bytes each; empty where no document is kept (a folder). */
  readonly heads: readonly Uint8Array[]
  /** True when this node takes nothing more of the feed: it does not trust the origin any more. Not part of the root. */
  readonly closed?: boolean
}

/**
 * What a node has, in short. `root` is `digestRoot(feeds)`. The one who asks sends the root alone; the answer leaves
 * `feeds` out when its own root is the same. What is shared has no documents, so no heads: its root is never a node's, and
 * `feeds` is always there. One who asks with `feeds` tells what it has of these, which may be news; the answer has the
 * same ones, as far as they are there.
 */
export interface Digest {
  readonly root: Uint8Array
  readonly feeds?: readonly FeedState[]
  /** In an answer to one whom this node cannot call: announcements that it has not got yet, and messages for it. */
  readonly items?: readonly Uint8Array[]
}

/** What is wanted of a feed: everything that does not stand before one of the points that the one who asks has. */
export interface Range {
  readonly feed: FeedId
  /**
   * Points that the one who asks has, each with all that stands before it on its path: its tips first, then older ones at
   * growing distances. The one who answers goes on after those that it knows, and passes over the others.
   */
  readonly have: readonly Tip[]
  /** Proofs of snapshots that the one who asks has, though something before them is missing: not to be sent again. */
  readonly skip?: readonly Tip[]
}

/** How much a pull is to bring, and from which end. */
export interface PullOptions {
  /** Items at most; the one who answers may bring fewer. */
  readonly limit: number
  /** Snapshots from the newest to the oldest: what is read first comes first. */
  readonly newestFirst?: boolean
}

/**
 * What became of one item. `stored` and `duplicate` mean that it is on disk there; `gap` that something before it is
 * missing; `untrusted` that its origin is not trusted there; `refused` that it is not valid, or not for this receiver;
 * `failed` that the receiver could not store it now. What meets a gap or is untrusted may be parked there or not: who
 * sent it keeps it.
 */
export interface Verdict {
  readonly status: 'stored' | 'duplicate' | 'gap' | 'untrusted' | 'refused' | 'failed'
  /** For people; present unless stored or duplicate. */
  readonly reason?: string
}

/** The answer to a batch: a verdict for each item in order, and what the receiver now has of the feeds concerned. */
export interface Receipt {
  readonly verdicts: readonly Verdict[]
  readonly have: readonly FeedState[]
}

/** Where a batch or a question came from: a peer that showed its key, or something that many share. */
export type LinkSource =
  | { readonly kind: 'peer', readonly did: Did }
  | { readonly kind: 'shared', readonly name: string }

/** Whom a link is for. `addresses` is asked anew at each dial, because addresses come and go. */
export type LinkTarget =
  | { readonly kind: 'peer', readonly did: Did, readonly addresses: () => readonly Address[] }
  | { readonly kind: 'shared' }

/**
 * The receiving half of sync, made by core and used by transports. It decides who gets what: a transport only says who
 * is asking. Arguments belong to the receiver from the call on.
 */
export interface EnvelopeReceiver {
  /** True when this DID may use mesh routes now. Ask at each request: trust may change at any time. */
  admits (did: Did): boolean
  /** Verifies, stores and applies. Resolves when what it calls stored is on disk. Never rejects for a bad envelope. */
  receive (batch: readonly Uint8Array[], from: LinkSource): Promise<Receipt>
  /** This node's answer to a digest. */
  digest (theirs: Digest, from: LinkSource): Promise<Digest>
  /** Items of these ranges, feed by feed, each envelope as it was signed. */
  serve (want: readonly Range[], options: PullOptions, from: LinkSource): AsyncIterable<Uint8Array>
  /** Something at the other end may have changed: have a look soon. Returns at once. */
  hint (from: LinkSource): void
}

/**
 * A way to one peer, or to everybody at once. Calls are made one at a time. Each rejects with `signal.reason` on abort,
 * otherwise with a `MeshError` that says whether the peer is unreachable (`MESH_PEER_UNREACHABLE`), another
 * (`MESH_PEER_MISMATCH`), does not trust this node (`MESH_NOT_TRUSTED`) or failed (`MESH_SEND_FAILED`), whether what is
 * shared is out of reach (`MESH_DISK_FAILED`), or that the transport was stopped (`MESH_NOT_RUNNING`).
 */
export interface Link {
  /** Delivers items, at least once. It may lose, repeat or reorder them; it never alters their bytes. */
  push (batch: readonly Uint8Array[], signal: AbortSignal): Promise<Receipt>
  digest (mine: Digest, signal: AbortSignal): Promise<Digest>
  pull (want: readonly Range[], options: PullOptions, signal: AbortSignal): AsyncIterable<Uint8Array>
  /**
   * Sets who is told when the connection is seen to break while no call is under way, so that it is asked at once whether the other end
   * is still there. Optional: without it that shows at the next call.
   */
  onBreak? (listener: () => void): void
  /** Where the connection leads, for people: the IP address and port of the other end; nothing while there is none. Optional. */
  at? (): Address | undefined
  close (): Promise<void>
}

/** Carries items: envelopes and snapshots (see `peekItem`). `reach` says what a link of it is: one to a peer, or one for everybody (a folder). */
export interface Transport {
  readonly reach: 'peer' | 'shared'
  /** Resolves when the transport can receive and connect. The signal aborts a start that takes too long. */
  start (receiver: EnvelopeReceiver, signal: AbortSignal): Promise<void>
  /** A link to the target. It may resolve before anything was dialled; the first call then shows whether it works. */
  connect (target: LinkTarget, signal: AbortSignal): Promise<Link>
  /** Closes links and sockets; leaves nothing behind. Safe before `start`. */
  stop (): Promise<void>
}

/** Dials an address and proves whose it is. Implemented by the transport that owns the mesh port. */
export interface Prober {
  /**
   * Resolves to the announcement of the node at `address` once it has shown that it holds the key of `did`.
   *
   * @throws MeshError `MESH_PEER_UNREACHABLE`, `MESH_PEER_MISMATCH` (another key answers there) or `MESH_SEND_FAILED`.
   */
  prove (did: Did, address: Address, signal: AbortSignal): Promise<SignedAnnouncement>
}
