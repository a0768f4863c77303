import { expect } from 'chai'
import fc from 'fast-check'
import { encodeCbor } from '../../packages/core/src/cbor.ts'
import { compareFeeds, decodeDigest, decodeRanges, decodeReceipt, digestRoot, encodeDigest, encodeRanges, encodeReceipt, feedKey } from '../../packages/core/src/wire.ts'
import { codeOf } from '../support/failures.ts'
import { byteString, feedId, feedStates, identities, range, uint, verdict } from './arbitraries.ts'

const decoders = { digest: decodeDigest, receipt: decodeReceipt, ranges: decodeRanges }
const sorted = <Item extends { feed: Parameters<typeof feedKey>[0] }>(items: readonly Item[]) => items.toSorted((a, b) => compareFeeds(a.feed, b.feed))

describe('the wire format of sync', () => {
  it('carries any digest, its feeds in their order', () => {
    fc.assert(fc.property(byteString(32), fc.option(feedStates, { nil: undefined }), (root, feeds) => {
      const digest = feeds === undefined ? { root } : { root, feeds }
      expect(decodeDigest(encodeDigest(digest))).to.deep.equal(feeds === undefined ? { root } : { root, feeds: sorted(feeds) })
    }))
  })

  it('carries any receipt', () => {
    fc.assert(fc.property(fc.array(verdict), feedStates, (verdicts, have) => {
      expect(decodeReceipt(encodeReceipt({ verdicts, have }))).to.deep.equal({ verdicts, have: sorted(have) })
    }))
  })

  it('carries any ranges', () => {
    fc.assert(fc.property(fc.array(range), uint, (want, limit) => {
      expect(decodeRanges(encodeRanges(want, limit))).to.deep.equal({ want, limit })
    }))
  })

  for (const [name, decode] of Object.entries(decoders)) {
    it(`answers garbage for ${name} with MESH_REQUEST_INVALID and nothing else`, async () => {
      const garbage = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.jsonValue({ maxDepth: 6 }).map((value) => encodeCbor(value)))
      await fc.assert(fc.asyncProperty(garbage, async (bytes) => {
        expect([undefined, 'MESH_REQUEST_INVALID']).to.include(await codeOf(() => decode(bytes)))
      }), { numRuns: 300 })
    })

    it(`answers a damaged ${name} with MESH_REQUEST_INVALID and nothing else`, async () => {
      const good = fc.tuple(feedStates, fc.array(range), fc.array(verdict, { maxLength: 3 })).map(([have, want, verdicts]) => (
        { digest: encodeDigest({ root: new Uint8Array(32), feeds: have }), receipt: encodeReceipt({ verdicts, have }), ranges: encodeRanges(want, 5) }[name] ?? new Uint8Array()))
      await fc.assert(fc.asyncProperty(good, fc.nat(), fc.nat(255), async (bytes, at, value) => {
        const damaged = Uint8Array.from(bytes)
        damaged[at % damaged.length] = value
        expect([undefined, 'MESH_REQUEST_INVALID']).to.include(await codeOf(() => decode(damaged)))
        expect(await codeOf(() => decode(bytes.subarray(0, at % bytes.length)))).to.equal('MESH_REQUEST_INVALID')
      }))
    })

    it(`answers a ${name} nested ten thousand deep with MESH_REQUEST_INVALID`, async () => {
      expect(await codeOf(() => decode(new Uint8Array(10_000).fill(0x81)))).to.equal('MESH_REQUEST_INVALID')
    })
  }

  const journal = (name: unknown, part: unknown = 'log', origin: unknown = identities[0].publicKey) => encodeCbor([5, [[name, part, origin, 0]]])
  const wrong: Record<string, Uint8Array> = {
    'a journal that is a path': journal('../x'),
    'a journal without a name': journal(''),
    'another part': journal('notes', 'blob'),
    'an origin of 31 bytes': journal('notes', 'log', new Uint8Array(31)),
    'a range without a start': encodeCbor([5, [['notes', 'log', identities[0].publicKey]]]),
    'a negative limit': encodeCbor([-1, []]),
    'a message with more behind it': Buffer.concat([encodeRanges([], 5), Uint8Array.of(0)])
  }
  for (const [what, bytes] of Object.entries(wrong)) {
    it(`refuses ${what}`, async () => {
      expect(await codeOf(() => decodeRanges(bytes))).to.equal('MESH_REQUEST_INVALID')
    })
  }

  it('refuses a receipt with an unknown verdict', async () => {
    expect(await codeOf(() => decodeReceipt(encodeCbor([[['perhaps']], []])))).to.equal('MESH_REQUEST_INVALID')
  })

  it('refuses an origin of small order', async () => {
    expect(await codeOf(() => decodeRanges(journal('notes', 'log', new Uint8Array(32))))).to.equal('MESH_REQUEST_INVALID')
  })

  it('carries the beginning of a reason that is too long', () => {
    const receipt = { verdicts: [{ status: 'failed' as const, reason: 'x'.repeat(5_000) }], have: [] }
    expect(decodeReceipt(encodeReceipt(receipt)).verdicts).to.deep.equal([{ status: 'failed', reason: 'x'.repeat(1_000) }])
  })
})

describe('digestRoot', () => {
  it('does not depend on the order of the feeds', () => {
    fc.assert(fc.property(feedStates.chain((feeds) => fc.tuple(fc.constant(feeds), fc.shuffledSubarray(feeds, { minLength: feeds.length }))), ([feeds, shuffled]) => {
      expect(digestRoot(shuffled)).to.deep.equal(digestRoot(feeds))
    }))
  })

  it('differs when anything in a feed does', () => {
    const feed = { journal: 'notes', part: 'log' as const, origin: identities[0].did }
    const state = { feed, tips: [{ seq: 1, id: new Uint8Array(32) }], heads: [new Uint8Array(32)] }
    const roots = [
      [], [state], [{ ...state, feed: { ...feed, journal: 'other' } }], [{ ...state, feed: { ...feed, part: 'state' as const } }],
      [{ ...state, feed: { ...feed, origin: identities[1].did } }], [{ ...state, tips: [{ seq: 2, id: new Uint8Array(32) }] }],
      [{ ...state, tips: [{ seq: 1, id: new Uint8Array(32).fill(1) }] }], [{ ...state, heads: [] }], [{ ...state, heads: [new Uint8Array(32).fill(1)] }]
    ].map((feeds) => Buffer.from(digestRoot(feeds)).toString('hex'))
    expect(new Set(roots).size).to.equal(roots.length)
  })
})

describe('feedKey', () => {
  it('is equal for equal feeds only, and orders them as compareFeeds does', () => {
    fc.assert(fc.property(feedId, feedId, (a, b) => {
      const same = a.journal === b.journal && a.part === b.part && a.origin === b.origin
      expect([feedKey(a) === feedKey(b), compareFeeds(a, b) === 0, compareFeeds(a, b) + compareFeeds(b, a)]).to.deep.equal([same, same, 0])
    }))
  })
})
