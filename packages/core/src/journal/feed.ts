import type { JournalEnvelope } from '../envelope.ts'
import type { Identity } from '../identity.ts'
import type { Snapshot } from '../snapshot.ts'
import type { ApplyingMark } from '../storage/applying-mark.ts'
import type { Disk, Durability } from '../storage/disk.ts'
import type { Damage } from '../storage/record-file.ts'
import type { FeedId, FeedState, Range, Tip, Verdict } from '../transport.ts'

/** Something of a feed that came in; its signature, or that of its proof, was checked. */
export type Arrival =
  | { readonly kind: 'envelope', readonly envelope: JournalEnvelope }
  | { readonly kind: 'snapshot', readonly snapshot: Snapshot, readonly bytes: Uint8Array }

/** An item on its way out, and the envelope that it is or that proves it. */
export interface ServedItem {
  readonly kind: 'envelope' | 'snapshot'
  readonly seq: number
  readonly bytes: Uint8Array
}

export interface ServeOptions {
  /** When more envelopes or entries than this are missing in all, snapshots are served of segments where many are. */
  readonly maxEnvelopes: number
  readonly newestFirst?: boolean
}

/** Two envelopes of one origin with one predecessor: both lives of the origin stay, and both envelopes prove it. */
export interface Fork {
  readonly feed: FeedId
  readonly seq: number
  /** Ids of the two envelopes, or of the proofs of the segments that hold them, hex. */
  readonly ids: readonly [string, string]
  /** The two as they were signed, as far as they are still kept. */
  readonly proof?: readonly Uint8Array[]
}

/** What feeds need from their node. */
export interface FeedContext {
  readonly meshId: string
  readonly disk: Disk
  readonly durability: Durability
  readonly mark: ApplyingMark
  /** A fresh random actor, 16 bytes. */
  readonly newActor: () => Uint8Array
  /** A fork was found; called once for each in the life of a home. */
  readonly forked: (fork: Fork) => void
  /** Something of a feed was damaged on disk and set aside; peers are to send it again. */
  readonly damaged: (feed: FeedId, what: string) => void
  /** Something waits for a disk that fails; nothing is lost. */
  readonly noted?: (feed: FeedId, what: string) => void
}

export interface OwnFeedContext extends FeedContext {
  readonly identity: Identity
}

/** One origin's envelopes of one part of a journal, as this node has them. Only what is on disk is visible. */
export interface Feed {
  readonly id: FeedId
  readonly state: FeedState
  /** What this node has, for `Range.have`: tips first, then older points at growing distances. */
  readonly points: readonly Tip[]
  /** Proofs of snapshots that wait for what is before them, for `Range.skip`. */
  readonly detached: readonly Tip[]
  /** Whether a point is on one of the feed's paths, as far as can be told without unfolding anything. */
  knows (point: Tip): boolean
  /** True when everything up to `point` is had by whoever has `other`; both are known here. */
  isBefore (point: Tip, other: Tip): boolean
  /** How many envelopes lead from the points that are known here to the tips. */
  countAfter (have: readonly Tip[]): number
  /** A point to serve from for somebody who has so many envelopes of a path, though not known of which. */
  pointBefore (seq: number): readonly Tip[]
  /** The items that lead from the points that are known here to every tip, path by path, each item once. */
  serve (have: Range['have'], skip: Range['have'], options: ServeOptions): AsyncGenerator<ServedItem>
  /** Resolves once what it calls stored is on disk. A disk that fails gives the verdict `failed`. */
  accept (arrivals: readonly Arrival[]): Promise<Verdict[]>
  /** Resolves when pending writes are done and files are closed. */
  close (): Promise<void>
}

/** The envelope that an arrival is, or that proves it. */
export function envelopeOf (arrival: Arrival): JournalEnvelope {
  return arrival.kind === 'envelope' ? arrival.envelope : arrival.snapshot.proof
}

/** The bytes in which it travels. */
export function bytesOf (arrival: Arrival): Uint8Array {
  return arrival.kind === 'envelope' ? arrival.envelope.bytes : arrival.bytes
}

/** Reports what was found when a file was opened. A torn tail may be what a crash left, or the last record, damaged: nobody can tell. */
export function reportDamage (context: FeedContext, feed: FeedId, damage: Damage, where: string): void {
  context.damaged(feed, `${damage} in ${where}`)
}
