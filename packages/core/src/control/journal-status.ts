import type { Did } from '../did.ts'

export interface JournalStatus {
  readonly name: string
  readonly entries: number
  /** Automerge heads of all its documents, hex, sorted; equal on all nodes that have the same entries. */
  readonly heads: readonly string[]
  readonly origins: readonly OriginStatus[]
  readonly parked: readonly ParkedStatus[]
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

/** The state document of a journal. */
export interface StateView {
  /** Plain, JSON-like value. */
  readonly value: unknown
  /** Automerge heads, hex, sorted. */
  readonly heads: readonly string[]
  /** Origins that are not trusted, whose changes are here because somebody trusted built on them. */
  readonly vouched: readonly { readonly origin: Did, readonly envelopes: number }[]
}

/** What became of the items of an import. */
export interface ImportResult {
  readonly stored: number
  readonly duplicate: number
  /** Others, with what is to be done about them; each reason once. */
  readonly others: readonly { readonly status: string, readonly reason: string, readonly items: number }[]
}
