import type { Did } from './did.ts'
import type { Address } from './announcement.ts'
import type { Trust } from './peer-book.ts'

/** A link as the operator sees it. */
export interface LinkStatus {
  /** Plugin name of the transport. */
  readonly transport: string
  readonly state: 'up' | 'connecting' | 'down'
  /** Why it is in this state, for people. */
  readonly reason: string
  /** When it came into this state, ISO 8601. */
  readonly since: string
}

export interface PeerStatus {
  readonly did: Did
  readonly name: string
  readonly trust: Trust
  readonly trustReason: string
  readonly sources: readonly string[]
  readonly addresses: readonly Address[]
  readonly seenAt?: string
  /** Present for trusted peers. */
  readonly link?: LinkStatus
  /** How envelopes reach it now, with the reason: `http`, `fs` or none. */
  readonly via?: { readonly transport: string | null, readonly reason: string }
  /** Envelopes that this node has and the peer has not said it has, over the feeds that both admit. */
  readonly lag?: number
  /** True when the peer said that it has exactly what this node has. */
  readonly converged?: boolean
}

/** The contribution of one origin to one journal. */
export interface OriginStatus {
  readonly did: Did
  readonly name: string
  /** Number of its last envelope. */
  readonly seq: number
  readonly entries: number
}

export interface JournalStatus {
  readonly name: string
  readonly entries: number
  /** Automerge heads of all its documents, hex, sorted; equal on all nodes that have the same entries. */
  readonly heads: readonly string[]
  readonly origins: readonly OriginStatus[]
}

/** Something an operator should know, with how often it happened. */
export interface Notice {
  readonly code: string
  readonly message: string
  readonly count: number
  readonly at: string
}

export interface NodeStatus {
  readonly name: string
  readonly did: Did
  readonly version: string
  readonly pid: number
  readonly home: string
  readonly startedAt: string
  readonly mesh: { readonly id: string, readonly trust: 'known' | 'lan' | 'open' }
  /** Base URL of the local API and page. */
  readonly url: string
  /** The transport in use and why: HTTP when there are peers, the shared folder when there are none, both when mixed. */
  readonly transport: { readonly active: readonly string[], readonly reason: string, readonly since: string }
  readonly peers: readonly PeerStatus[]
  readonly journals: readonly JournalStatus[]
  readonly plugins: readonly { readonly name: string, readonly package: string }[]
  /** Shared transports (folders): read always, written while `writing`. */
  readonly shared: readonly (LinkStatus & { readonly writing: boolean })[]
  readonly notices: readonly Notice[]
}

/** Is everything everywhere, and if not, what is missing where? */
export interface Convergence {
  readonly agent: string | null
  /** Sum of this node's own last sequence numbers. */
  readonly local_seq: number
  readonly peers: readonly {
    readonly peer_id: Did
    readonly name: string
    readonly acked_seq: number
    /** Envelopes the peer lacks, and envelopes it has that this node lacks. */
    readonly lag: number
    readonly behind: number
    readonly converged: boolean
    readonly reason: string
  }[]
  /** True when there is a peer, and each trusted peer said it has the same; or, with no peers, when the folder has it all. */
  readonly converged: boolean
  readonly heads: readonly string[]
  readonly reason: string
}

/** One entry as it is read. */
export interface EntryView {
  /** 26 characters; sorting by it gives the agreed order. */
  readonly id: string
  /** Time by the origin's hybrid clock, ISO 8601. */
  readonly at: string
  readonly origin: Did
  readonly kind: string
  readonly body: unknown
}

/** An entry to be written. */
export interface NewEntry {
  /** Default `note`. */
  readonly kind?: string
  /** Any JSON value. */
  readonly body: unknown
}

/** Says that entries are as safe as `durability` names. */
export interface Acknowledgement {
  readonly ids: readonly string[]
  /** The envelope that carries the last of them. */
  readonly seq: number
  readonly durability: 'fsync' | 'os'
}

export interface ReadOptions {
  /** At most this many. Default all. */
  readonly limit?: number
  /** Newest first. */
  readonly reverse?: boolean
  /** Only entries of this kind. */
  readonly kind?: string
  /** Only what is not covered by this cursor. */
  readonly since?: string
}

/** What the local API and the CLI do with a running node. */
export interface NodeControl {
  status (): NodeStatus
  peers (): readonly PeerStatus[]
  /**
   * Trusts a node, at once and for good.
   *
   * @param who a DID, or the name of exactly one known node
   * @throws MeshError `MESH_DID_INVALID`, `MESH_PEER_UNKNOWN`, `MESH_PEER_AMBIGUOUS`.
   */
  trust (who: string): Promise<PeerStatus>
  journals (): readonly JournalStatus[]
  /**
   * Resolves once the entries are durable.
   *
   * @throws MeshError `MESH_JOURNAL_NAME_INVALID`, `MESH_ENTRY_INVALID`, `MESH_ENTRY_TOO_LARGE`, `MESH_DISK_FAILED`,
   * `MESH_WRITE_VETOED`.
   */
  append (journal: string, entries: readonly NewEntry[]): Promise<Acknowledgement>
  /**
   * Entries in the agreed order, with a cursor that covers what was there. A journal that does not exist reads as empty.
   *
   * @throws MeshError `MESH_JOURNAL_NAME_INVALID`, `MESH_REQUEST_INVALID` (the cursor).
   */
  read (journal: string, options?: ReadOptions): { readonly entries: readonly EntryView[], readonly cursor: string }
  convergence (agent?: string): Convergence
}
