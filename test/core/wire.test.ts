import { expect } from 'chai'
import fc from 'fast-check'
import { encodeCbor } from '../../packages/core/src/cbor.ts'
import type { FeedState, Tip } from '../../packages/core/src/transport.ts'
import { compareFeeds, decodeDigest, decodePull, decodeReceipt, digestRoot, encodeDigest, encodePull, encodeReceipt, feedKey } from '../../packages/core/src/wire.ts'
import { codeOf } from '../support/failures.ts'
import { byteString, feedId, feedStates, identities, pullOptions, range, verdict } from './arbitraries.ts'

const decoders = { digest: decodeDigest, receipt: decodeReceipt, pull: decodePull }
const inOrder = (tips: readonly Tip[]) => tips.toSorted((a, b) => a.seq - b.seq || Buffer.compare(a.id, b.id))
/** Feeds, tips and heads in the order in which they travel. */
const sorted = (states: readonly FeedState[]) => states.map((state) => ({ ...state, tips: inOrder(state.tips), heads: state.heads.toSorted(Buffer.compare) })).sort((a, b) => compareFeeds(a.feed, b.feed))

describe('the wire format of sync', () => {
  it('carries any digest, its feeds in their order', () => {
    const announced = fc.option(fc.array(fc.uint8Array(), { minLength: 1, maxLength: 64 }), { nil: undefined })
    fc.assert(fc.property(byteString(32), fc.option(feedStates, { nil: undefined }), announced, (root, feeds, items) => {
      const rest = { root, ...items !== undefined && { items } }
      expect(decodeDigest(encodeDigest(feeds === undefined ? rest : { ...rest, feeds }))).to.deep.equal(feeds === undefined ? rest : { ...rest, feeds: sorted(feeds) })
    }))
  })

  it('carries any receipt', () => {
    fc.assert(fc.property(fc.array(verdict), feedStates, (verdicts, have) => {
      expect(decodeReceipt(encodeReceipt({ verdicts, have }))).to.deep.equal({ verdicts, have: sorted(have) })
    }))
  })

  it('carries any pull', () => {
    fc.assert(fc.property(fc.array(range), pullOptions, (want, options) => {
      const { want: got, options: asked } = decodePull(encodePull(want, options))
      expect(asked).to.deep.equal({ newestFirst: false, ...options })
      expect(got).to.deep.equal(want.map(({ feed, have, skip = [] }) => ({ feed, have: inOrder(have), skip: inOrder(skip) })))
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
        { digest: encodeDigest({ root: new Uint8Array(32), feeds: have }), receipt: encodeReceipt({ verdicts, have }), pull: encodePull(want, { limit: 5 }) }[name] ?? new Uint8Array()))
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

  const pull = (...range: readonly unknown[]) => encodeCbor([5, false, [range]])
  const journal = (name: unknown, part: unknown = 'log', origin: unknown = identities[0].publicKey) => pull(name, part, origin, [], [])
  const wrong: Record<string, Uint8Array> = {
    'a journal that is a path': journal('../x'),
    'a journal without a name': journal(''),
    'another part': journal('notes', 'blob'),
    'an origin of 31 bytes': journal('notes', 'log', new Uint8Array(31)),
    'a range without points': pull('notes', 'log', identities[0].publicKey),
    'a range with a point of 31 bytes': pull('notes', 'log', identities[0].publicKey, [[1, new Uint8Array(31)]], []),
    'a range with 4,097 points': pull('notes', 'log', identities[0].publicKey, Array.from({ length: 4_097 }, (_, seq) => [seq, new Uint8Array(32)]), []),
    'a negative limit': encodeCbor([-1, false, []]),
    'an order that is neither': encodeCbor([5, 1, []]),
    'a pull without an order': encodeCbor([5, []]),
    'a message with more behind it': Buffer.concat([encodePull([], { limit: 5 }), Uint8Array.of(0)])
  }
  for (const [what, bytes] of Object.entries(wrong)) {
    it(`refuses ${what}`, async () => {
      expect(await codeOf(() => decodePull(bytes))).to.equal('MESH_REQUEST_INVALID')
    })
  }

  it('refuses a receipt with an unknown verdict', async () => {
    expect(await codeOf(() => decodeReceipt(encodeCbor([[['perhaps']], []])))).to.equal('MESH_REQUEST_INVALID')
  })

  it('refuses an origin of small order', async () => {
    expect(await codeOf(() => decodePull(journal('notes', 'log', new Uint8Array(32))))).to.equal('MESH_REQUEST_INVALID')
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

  it('does not depend on the order of tips and heads, or on what is closed', () => {
    fc.assert(fc.property(feedStates, (feeds) => {
      const turned = feeds.map(({ closed = false, ...state }) => ({ ...state, tips: state.tips.toReversed(), heads: state.heads.toReversed(), ...closed ? {} : { closed: true } }))
      expect(digestRoot(turned)).to.deep.equal(digestRoot(feeds))
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
