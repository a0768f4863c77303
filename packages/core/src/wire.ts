import { createHash } from 'node:crypto'
import { CborReader, encodeCbor } from './cbor.ts'
import { didFromPublicKey, publicKeyFromDid, type Did } from './did.ts'
import { isJournalName } from './journal-name.ts'
import type { Digest, FeedId, FeedState, PullOptions, Range, Receipt, Tip, Verdict } from './transport.ts'

const statuses: readonly Verdict['status'][] = ['stored', 'duplicate', 'gap', 'untrusted', 'refused', 'failed']
const maxFeeds = 100_000
const maxTips = 64
/** Points that somebody names who asks for a feed: its own, or snapshots that it has already. */
const maxPoints = 4_096
const maxVerdicts = 10_000
export const maxAnnouncements = 64
/** Items of no feed in an answer. */
const maxItems = 128
const maxReasonLength = 1_000
const read = new CborReader('MESH_REQUEST_INVALID', 'The sync message')

/** The order of feeds in digests: that of `feedKey`, by code unit. */
export function compareFeeds (a: FeedId, b: FeedId): number {
  const left = feedKey(a)
  const right = feedKey(b)
  return left < right ? -1 : left > right ? 1 : 0
}

/** A feed id as one string, for maps: unique, because names and DIDs hold no slash. */
export function feedKey ({ journal, part, origin }: FeedId): string {
  return `${journal}/${part}/${origin}`
}

/** SHA-256 over the deterministic encoding of the feeds in their order: equal roots mean equal version vectors and heads. */
export function digestRoot (feeds: readonly FeedState[]): Uint8Array {
  return new Uint8Array(createHash('sha256').update(encodeCbor(feedStates(feeds))).digest())
}

export function encodeDigest ({ root, feeds, items = [] }: Digest): Uint8Array {
  const states = feeds === undefined ? null : feedStates(feeds, true)
  if (items.length > 0) return encodeCbor([root, states, items])
  return encodeCbor(states === null ? [root] : [root, states])
}

/** Throws `MESH_REQUEST_INVALID`, as all decoders here do. */
export function decodeDigest (bytes: Uint8Array): Digest {
  const [root, feeds, items] = read.list(read.decode(bytes), 'a digest', 3)
  return {
    root: read.bytes(root, 'root', 32),
    ...feeds !== undefined && feeds !== null && { feeds: readFeedStates(feeds) },
    ...items !== undefined && { items: read.list(items, 'items', maxItems).map(readBytes) }
  }
}

export function encodeReceipt ({ verdicts, have }: Receipt): Uint8Array {
  return encodeCbor([
    verdicts.map(({ status, reason }) => reason === undefined ? [status] : [status, reason.slice(0, maxReasonLength)]),
    feedStates(have, true)
  ])
}

export function decodeReceipt (bytes: Uint8Array): Receipt {
  const [verdicts, have] = read.tuple(read.decode(bytes), 'a receipt', 2)
  return { verdicts: read.list(verdicts, 'verdicts', maxVerdicts).map(readVerdict), have: readFeedStates(have) }
}

export function encodePull (want: readonly Range[], { limit, newestFirst = false }: PullOptions): Uint8Array {
  return encodeCbor([limit, newestFirst, want.map(({ feed, have, skip = [] }) => [...feedFields(feed), tipFields(have), tipFields(skip)])])
}

export function decodePull (bytes: Uint8Array): { want: readonly Range[], options: PullOptions } {
  const [limit, newestFirst, want] = read.tuple(read.decode(bytes), 'a pull', 3)
  if (typeof newestFirst !== 'boolean') throw read.fail('newestFirst is not a boolean')
  return { options: { limit: read.uint(limit, 'limit'), newestFirst }, want: read.list(want, 'ranges', maxFeeds).map(readRange) }
}

function readBytes (value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw read.fail('an item is no byte string')
  return value
}

function readVerdict (value: unknown): Verdict {
  const [status, reason] = read.list(value, 'a verdict', 2)
  const known = statuses.find((each) => each === status)
  if (known === undefined) throw read.fail('a verdict has an unknown status')
  return reason === undefined ? { status: known } : { status: known, reason: read.text(reason, 'reason', maxReasonLength) }
}

function readRange (value: unknown): Range {
  const [journal, part, origin, have, skip] = read.tuple(value, 'a range', 5)
  return { feed: readFeed(journal, part, origin), have: readTips(have, maxPoints), skip: readTips(skip, maxPoints) }
}

function feedFields ({ journal, part, origin }: FeedId): unknown[] {
  return [journal, part, publicKeyFromDid(origin)]
}

function feedStates (feeds: readonly FeedState[], marks = false): unknown[] {
  return feeds.toSorted((a, b) => compareFeeds(a.feed, b.feed))
    .map(({ feed, tips, heads, closed = false }) => [...feedFields(feed), tipFields(tips), heads.toSorted(Buffer.compare), ...marks && closed ? [true] : []])
}

/** In one order on every node. */
function tipFields (tips: readonly Tip[]): unknown[] {
  return tips.toSorted((a, b) => a.seq - b.seq || Buffer.compare(a.id, b.id)).map(({ seq, id }) => [seq, id])
}

function readFeedStates (value: unknown): FeedState[] {
  return read.list(value, 'feeds', maxFeeds).map((item) => {
    const [journal, part, origin, tips, heads, closed] = read.list(item, 'a feed', 6)
    return {
      feed: readFeed(journal, part, origin),
      tips: readTips(tips),
      heads: read.list(heads, 'heads', maxTips).map((head) => read.bytes(head, 'a head', 32)),
      ...closed === true && { closed }
    }
  })
}

function readTips (value: unknown, most = maxTips): Tip[] {
  return read.list(value, 'tips', most).map((tip) => {
    const [seq, id] = read.tuple(tip, 'a tip', 2)
    return { seq: read.uint(seq, 'seq'), id: read.bytes(id, 'id', 32) }
  })
}

function readFeed (journal: unknown, part: unknown, origin: unknown): FeedId {
  const name = read.text(journal, 'journal', 64)
  if (!isJournalName(name)) throw read.fail('journal is not a journal name')
  if (part !== 'log' && part !== 'state') throw read.fail('part is neither log nor state')
  return { journal: name, part, origin: readOrigin(read.bytes(origin, 'origin', 32)) }
}

function readOrigin (publicKey: Uint8Array): Did {
  try {
    return didFromPublicKey(publicKey)
  } catch (cause) {
    throw read.fail('an origin is not a usable key', cause)
  }
}
