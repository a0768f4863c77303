import { expect } from 'chai'
import { decodeDigest, decodePull, decodeReceipt, digestRoot, encodeDigest, encodePull, encodeReceipt, splitItems, type FeedState, type Range, type Tip } from '@akshi/core'
import { fromHex, hex } from '../vectors/material.ts'
import { codeOf, readVectors } from './vector-files.ts'

const { digest, receipt, pulls } = readVectors('sync')

interface ShownTip { readonly seq: number, readonly id: string }
type ShownState = typeof digest.feeds[number]

function tips (shown: readonly ShownTip[]): Tip[] {
  return shown.map(({ seq, id }) => ({ seq, id: fromHex(id) }))
}

function stateOf ({ tips: shown, heads, ...rest }: ShownState): FeedState {
  return { ...rest, tips: tips(shown), heads: heads.map(fromHex) }
}

function rangesOf (want: typeof pulls[number]['want']): Range[] {
  return want.map(({ feed, have, skip }) => ({ feed, have: tips(have), skip: tips(skip) }))
}

/** As a message lists it. */
function sorted (state: FeedState): FeedState {
  return { ...state, tips: state.tips.toSorted((a, b) => a.seq - b.seq || Buffer.compare(a.id, b.id)), heads: state.heads.toSorted(Buffer.compare) }
}

describe('the vectors of sync messages', () => {
  const feeds = digest.feeds.map(stateOf)

  it('encode and decode a digest; its root depends neither on the order of the feeds nor on which are closed', () => {
    const root = fromHex(digest.root)
    const open = feeds.map(({ closed, ...rest }) => rest)
    expect([digestRoot(feeds), digestRoot(feeds.toReversed()), digestRoot(open)]).to.deep.equal([root, root, root])
    expect([hex(encodeDigest({ root })), hex(encodeDigest({ root, feeds }))]).to.deep.equal([digest.question, digest.answer])
    expect(decodeDigest(fromHex(digest.question))).to.deep.equal({ root })
    const decoded = decodeDigest(fromHex(digest.answer)).feeds ?? []
    const names = ({ feed: { journal, part, origin } }: FeedState) => `${journal}/${part}/${origin}`
    expect(decoded.map(names)).to.deep.equal(feeds.map(names).toSorted())
    expect(decoded).to.have.deep.members(feeds.map(sorted))
  })

  it('encode and decode a receipt with every verdict', () => {
    const value = { verdicts: receipt.verdicts, have: receipt.have.map(stateOf) }
    expect([hex(encodeReceipt(value)), decodeReceipt(fromHex(receipt.bytes))]).to.deep.equal([receipt.bytes, { ...value, have: value.have.map(sorted) }])
  })

  for (const { limit, newestFirst, want, bytes } of pulls) {
    it(`encode and decode a pull, ${newestFirst ? 'newest' : 'oldest'} first`, () => {
      const ranges = rangesOf(want)
      const bySeq = (points: readonly Tip[] = []) => sorted({ feed: want[0]?.feed as never, tips: points, heads: [] }).tips
      const decoded = { options: { limit, newestFirst }, want: ranges.map(({ feed, have, skip }) => ({ feed, have: bySeq(have), skip: bySeq(skip) })) }
      expect([hex(encodePull(ranges, { limit, newestFirst })), decodePull(fromHex(bytes))]).to.deep.equal([bytes, decoded])
    })
  }

  it('are refused with a trailing byte, a missing part or another status', () => {
    const bad = [digest.answer + '00', '80', '8141ff', receipt.bytes.replace('8166' + Buffer.from('stored').toString('hex'), '8166' + Buffer.from('stolen').toString('hex'))]
    const codes = bad.map((text, index) => codeOf(() => index < 3 ? decodeDigest(fromHex(text)) : decodeReceipt(fromHex(text))))
    expect(codes).to.deep.equal(new Array(4).fill('MESH_REQUEST_INVALID'))
  })

  it('travel as a CBOR sequence that splits into the same items, envelopes and snapshots', () => {
    const { items } = readVectors('storage')
    expect(splitItems(fromHex(items.join(''))).map(hex)).to.deep.equal(items)
  })
})
