import type { Did } from '../did.ts'

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
