import type { Finding } from './checks.ts'
import type { Convergence } from './control/convergence.ts'
import type { Acknowledgement, EntryView, NewEntry, ReadOptions, TailOptions } from './control/entries.ts'
import type { JournalHandle } from './control/journal-handle.ts'
import type { ImportResult, JournalStats, JournalStatus, StateView } from './control/journal-status.ts'
import type { NodeStatus } from './control/node-status.ts'
import type { PeerStatus } from './control/peer-status.ts'
import type { Did } from './did.ts'
import type { EventOptions, MeshEvent } from './mesh-event.ts'
import type { PeerExplanation } from './peer-explanation.ts'

export type {
  Convergence, FeedRange, ForkedFeed, HeldFeed, MissingRange, NamedFeed, ParkedFeed, PeerConvergence, Quarantined
} from './control/convergence.ts'
export type { Acknowledgement, EntryView, NewEntry, ReadOptions, TailOptions } from './control/entries.ts'
export type { JournalHandle } from './control/journal-handle.ts'
export type { ImportResult, JournalStats, JournalStatus, OriginStatus, ParkedStatus, StateView } from './control/journal-status.ts'
export type { NodeStatus, Notice, PluginStatus } from './control/node-status.ts'
export type { CatchUp, Health, LinkStatus, PeerPath, PeerStatus } from './control/peer-status.ts'

/** What the local API and the CLI do with a running node. */
export interface NodeControl {
  status (): NodeStatus
  peers (): readonly PeerStatus[]
  /**
   * Why a peer stands where it does: every address that was tried, and what came of it.
   *
   * @param who as for `trust`
   * @throws MeshError as `trust`.
   */
  why (who: string): PeerExplanation
  /** What is wrong with the node, as far as it can tell, each with its fix, worst first. Resolves within a few seconds; rejects with `signal.reason` only. */
  doctor (signal?: AbortSignal): Promise<readonly Finding[]>
  /** What happens in the node, as it happens; ends with the signal, or when the node stops. Nothing is promised of what was not asked for in time: an event `start` says that some were missed. */
  events (options?: EventOptions): AsyncIterable<MeshEvent>
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
  /** Of one journal or of all; only of those that this node shares with `asker`, if one is given. Throws `MESH_JOURNAL_NAME_INVALID`. */
  convergence (agent?: string, asker?: Did): Convergence
}
