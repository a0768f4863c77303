import type { Did } from '../did.ts'
import type { FeedId } from '../transport.ts'

/** An item, and where it stands. */
export interface PlacedItem {
  readonly bytes: Uint8Array
  readonly file: string
  /** Number of the record in the file, from 0. */
  readonly record: number
}

/** What was verified. */
export interface VerifiedCount {
  readonly journals: ReadonlySet<string>
  readonly origins: ReadonlySet<Did>
  readonly envelopes: number
  readonly snapshots: number
  /** Each once, however many paths and files hold it. */
  readonly entries: number
  /** Paths beyond the first, of all feeds. */
  readonly forks: number
  readonly bytes: number
}

/** The first record that is not what it should be. */
export interface BadRecord {
  readonly file: string
  /** From 0; missing when it is the file as a whole. */
  readonly record?: number
  /** Missing when the record does not even say that. */
  readonly feed?: FeedId
  readonly seq?: number
  /** Reads on after the name of the record: "its signature does not fit". */
  readonly reason: string
}

/** What came of a verification. All is good when there is no `bad`; what was verified before it is counted. */
export interface Verification extends VerifiedCount {
  readonly bad?: BadRecord
  /** What is worth knowing though nothing is wrong: something waits for what is not there, a crash left half a record. For people. */
  readonly notes: readonly string[]
}

/** Stops a verification. */
export class BadItem extends Error {
  readonly reason: string
  readonly where: Partial<Omit<BadRecord, 'reason'>>

  constructor (reason: string, where: Partial<Omit<BadRecord, 'reason'>> = {}, options?: ErrorOptions) {
    super(reason, options)
    this.reason = reason
    this.where = where
  }
}

/** Bytes as keys. */
export function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}
