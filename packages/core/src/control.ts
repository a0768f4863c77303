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
  /** While much is being fetched from it. */
  readonly catchUp?: CatchUp
}

/** How far a node has come that is fetching what it missed. */
export interface CatchUp {
  /** Envelopes that were missing when it began, and that are missing now. */
  readonly from: number
  readonly behind: number
  /** What came in since it began. */
  readonly entries: number
  readonly bytes: number
  readonly startedAt: string
}

/** The contribution of one origin to one journal. */
export interface OriginStatus {
  readonly did: Did
  readonly name: string
  /** Number of its last envelope. */
  readonly seq: number
  readonly entries: number
  /** Paths of its log: more than one when it forked (a restored backup, a cloned home). All of them count. */
  readonly paths: number
}

/** What is kept aside of an origin until it can be used. */
export interface ParkedStatus {
  readonly origin: Did
  readonly name: string
  /** `trust`: waiting for trust in the origin. `before`: something before it is missing. */
  readonly why: 'trust' | 'before'
  readonly items: number
  readonly bytes: number
}

/** The state document of a journal. */
export interface StateView {
  /** Plain, JSON-like value. */
  readonly value: unknown
  /** Automerge heads, hex, sorted. */
  readonly heads: readonly string[]
  /** Origins that are not trusted, whose changes are here because somebody trusted built on them. */
  readonly vouched: readonly { readonly origin: Did, readonly envelopes: number }[]
}

/** What a journal's log takes. */
export interface JournalStats {
  readonly name: string
  readonly entries: number
  readonly origins: readonly {
    readonly did: Did
    readonly name: string
    readonly entries: number
    readonly envelopes: number
    readonly paths: number
    readonly segments: number
    readonly sealed: number
    /** Segments that wait for the ones before them. */
    readonly detached: number
    readonly firstAt?: string
    readonly lastAt?: string
  }[]
  /** Bytes on disk of all its files. */
  readonly bytes: number
  readonly parked: readonly ParkedStatus[]
  readonly durability: 'fsync' | 'os'
}

/** What became of the items of an import. */
export interface ImportResult {
  readonly stored: number
  readonly duplicate: number
  /** Others, with what is to be done about them; each reason once. */
  readonly others: readonly { readonly status: string, readonly reason: string, readonly items: number }[]
}

export interface JournalStatus {
  readonly name: string
  readonly entries: number
  /** Automerge heads of all its documents, hex, sorted; equal on all nodes that have the same entries. */
  readonly heads: readonly string[]
  readonly origins: readonly OriginStatus[]
  readonly parked: readonly ParkedStatus[]
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
  /** Any JSON value. Bytes in it (`Uint8Array`) are written, and read again, as `{ "$base64": "..." }`. */
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

export interface TailOptions {
  /** Only entries of this kind. */
  readonly kind?: string
  /** Begin with what is not covered by this cursor. Default: with what comes from now on. */
  readonly since?: string
  /** Ends the iteration; the end of the node does so too. */
  readonly signal?: AbortSignal
}

/** An agent's journal, for programs that embed a node. */
export interface JournalHandle {
  readonly name: string
  /** Resolves once the entries are as durable as the acknowledgement says. Throws as `NodeControl.append`. */
  append (entries: NewEntry | readonly NewEntry[]): Promise<Acknowledgement>
  /**
   * Changes the state document. `edit` changes the draft in place and must not keep it. Resolves once the change is
   * as durable as the acknowledgement says, or to `undefined` when nothing changed. What `edit` throws rejects, and
   * nothing is changed. `edit` may run twice.
   */
  change (edit: (draft: Record<string, unknown>) => void): Promise<Omit<Acknowledgement, 'ids'> | undefined>
  /** The state as a plain value; a new one at each look. */
  readonly state: unknown
  read (options?: ReadOptions): Promise<{ readonly entries: readonly EntryView[], readonly cursor: string }>
  /** Entries as they come, from all nodes. Late arrivals come too, so ids need not ascend between them; each comes once. */
  tail (options?: TailOptions): AsyncIterable<{ readonly entry: EntryView, readonly cursor: string }>
  /** Says what there is, at once and after each change of the log or the state. Several changes may show as one. */
  watch (options?: Pick<TailOptions, 'signal'>): AsyncIterable<JournalStatus>
  /** Automerge heads, hex, sorted: equal on all nodes that have the same. */
  readonly heads: readonly string[]
  convergence (): Convergence
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
  /**
   * Takes trust back, at once and for good. What the node wrote so far stays; what it writes later is parked.
   *
   * @param who as for `trust`
   * @throws MeshError as `trust`.
   */
  untrust (who: string): Promise<PeerStatus>
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
  read (journal: string, options?: ReadOptions): Promise<{ readonly entries: readonly EntryView[], readonly cursor: string }>
  /** As `JournalHandle.tail`. */
  tail (journal: string, options?: TailOptions): AsyncIterable<{ readonly entry: EntryView, readonly cursor: string }>
  /** A journal to append to, change, read and follow. Throws `MESH_JOURNAL_NAME_INVALID`. */
  journal (name: string): Promise<JournalHandle>
  /** The state document; of a journal that does not exist, an empty one. Throws `MESH_JOURNAL_NAME_INVALID`. */
  state (journal: string): StateView
  /**
   * Changes the state by a JSON merge patch (RFC 7396): members of an object replace, `null` removes.
   *
   * @throws MeshError `MESH_JOURNAL_NAME_INVALID`, `MESH_ENTRY_INVALID` (no object), `MESH_DISK_FAILED`, `MESH_WRITE_VETOED`.
   */
  patchState (journal: string, patch: unknown): Promise<StateView>
  stats (journal: string): Promise<JournalStats>
  /** Every item of a journal, to carry elsewhere: feed by feed, each envelope as it was signed. */
  exportItems (journal: string): AsyncIterable<Uint8Array>
  /** Takes items as if a trusted carrier had brought them: signatures and trust decide. */
  importItems (items: readonly Uint8Array[]): Promise<ImportResult>
  convergence (agent?: string): Convergence
}
