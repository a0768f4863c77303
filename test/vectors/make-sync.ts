import { digestRoot, encodeDigest, encodePull, encodeReceipt, type FeedState, type Identity, type Range, type StateEnvelope, type Tip, type Verdict } from '@akshi/core'
import type { MadeLogEnvelope } from './log-material.ts'
import { alpha, beta, hex, journal } from './material.ts'

const verdicts: readonly Verdict[] = [
  { status: 'stored' },
  { status: 'duplicate' },
  { status: 'gap', reason: 'envelope 2 is missing' },
  { status: 'untrusted', reason: `waiting for trust in ${beta.did}` },
  { status: 'refused', reason: 'the signature does not fit' },
  { status: 'failed', reason: 'the disk is full' }
]

/** Messages about a forked log, a state, and journals whose names are not in the order of feeds: `a-b` comes before `a`. */
export function makeSync (log: readonly MadeLogEnvelope[], states: readonly StateEnvelope[]) {
  const ends = log.filter(({ name }) => !log.some(({ after }) => after === name)).map(({ envelope }) => envelope)
  const tipOf = ({ id, header: { seq } }: { readonly id: Uint8Array, readonly header: { readonly seq: number } }): Tip => ({ seq, id })
  const [first, , third] = log.map(({ envelope }) => tipOf(envelope)) as [Tip, Tip, Tip]
  const state = (name: string, { did: origin }: Identity, tip: Tip, closed = false): FeedState => ({
    feed: { journal: name, part: 'log', origin }, tips: [tip], heads: [ends[0]?.header.heads[0] as Uint8Array], ...closed && { closed }
  })
  const forked: FeedState = { feed: { journal, part: 'log', origin: alpha.did }, tips: ends.map(tipOf), heads: ends.map(({ header }) => header.heads[0] as Uint8Array) }
  const last = states.findLast(({ origin }) => origin === beta.did) as StateEnvelope
  const ofState: FeedState = { feed: { journal, part: 'state', origin: beta.did }, tips: [tipOf(last)], heads: last.header.heads }
  const feeds = [forked, ofState, state('a-b', beta, { ...first, seq: 7 }), state('a', alpha, first), state(journal, beta, { ...first, seq: 300 }, true)]
  const root = digestRoot(feeds)
  const want: readonly Range[] = [
    { feed: forked.feed, have: [...forked.tips, first], skip: [third] },
    { feed: ofState.feed, have: [], skip: [] }
  ]
  const have = [forked]
  return {
    digest: { root: hex(root), feeds: feeds.map(show), question: hex(encodeDigest({ root })), answer: hex(encodeDigest({ root, feeds })) },
    receipt: { verdicts, have: have.map(show), bytes: hex(encodeReceipt({ verdicts, have })) },
    pulls: [false, true].map((newestFirst) => ({
      limit: 200, newestFirst, want: want.map(({ feed, have, skip = [] }) => ({ feed, have: have.map(showTip), skip: skip.map(showTip) })), bytes: hex(encodePull(want, { limit: 200, newestFirst }))
    }))
  }
}

function show ({ feed, tips, heads, closed }: FeedState) {
  return { feed, tips: tips.map(showTip), heads: heads.map(hex), ...closed === true && { closed } }
}

function showTip ({ seq, id }: Tip) {
  return { seq, id: hex(id) }
}
