import { maxRequestBytes, type FeedState, type Identity, type Verdict } from '@akshi/core'
import { expectSame, expectThat } from './conformance-case.ts'
import { feedOf, keyOf, makeChain, makeLargestEnvelope, makeLargestSnapshot, makeSnapshot, never, tipOf } from './material.ts'
import { peerCase, type TransportCase } from './transport-case.ts'
import type { Actor, TransportStage } from './transport-stage.ts'

const verdicts: readonly Verdict[] = [
  { status: 'stored' },
  { status: 'gap', reason: 'one' },
  { status: 'duplicate' },
  { status: 'untrusted', reason: 'two' },
  { status: 'refused', reason: 'three' },
  { status: 'failed', reason: 'four' }
]

/** What a push does, on links to a peer. */
export const carryingCases: readonly TransportCase[] = [
  peerCase({
    name: 'carries envelopes of all sizes unaltered',
    promise: 'It may lose, repeat and reorder items; it never alters a byte.',
    source: 'docs/plugin-authors.md, Contracts, Transport',
    async play (stage) {
      const [alpha, beta] = [await stage.actor(), await stage.actor()]
      const sizes = [0, 1, 255, 256, 65_535, 65_536, 300_000]
      const made = makeChain(alpha.identity, sizes.length, { payloadBytes: (seq) => sizes[seq - 1] ?? 0 })
      await expectCarried(stage, alpha, beta, [...made.map(({ bytes }) => bytes), makeLargestEnvelope(alpha.identity).bytes])
    }
  }),
  peerCase({
    name: 'carries the largest snapshot unaltered',
    promise: 'An item of maxItemBytes fits; a transport with smaller messages cuts and joins items itself.',
    source: 'docs/plugin-authors.md, Contracts, Sizes',
    async play (stage) {
      const [alpha, beta] = [await stage.actor(), await stage.actor()]
      const made = makeChain(alpha.identity, 2)
      await expectCarried(stage, alpha, beta, made.slice(0, 1).map((proof) => makeLargestSnapshot(proof)))
      await expectCarried(stage, alpha, beta, made.slice(1).map((proof) => makeSnapshot(proof)))
    }
  }),
  peerCase({
    name: 'answers a batch larger than a request with a verdict for each item',
    promise: 'push resolves to a receipt with a verdict for each item, in order, however much it is.',
    source: 'docs/plugin-authors.md, Contracts, Link',
    async play (stage) {
      const [alpha, beta] = [await stage.actor(), await stage.actor()]
      const made = makeChain(alpha.identity, 10, { payloadBytes: () => maxRequestBytes / 8 - 10_000 })
      await expectCarried(stage, alpha, beta, made.map(({ bytes }) => bytes))
    }
  }),
  peerCase({
    name: 'returns the verdicts in the order of the batch',
    promise: 'A receipt has a verdict for each item of the batch, in order, with its reason.',
    source: 'transport.ts, Receipt and Verdict',
    async play (stage) {
      const [alpha, beta] = [await stage.actor(), await stage.actor()]
      const made = makeChain(alpha.identity, verdicts.length)
      const places = new Map(made.map(({ bytes }, index) => [keyOf(bytes), index]))
      beta.receiver.verdictOf = (item) => verdicts[places.get(keyOf(item)) ?? 0] ?? { status: 'refused' }
      const link = await stage.link(alpha, beta)
      const receipt = await stage.within(link.push(made.map(({ bytes }) => bytes), never), 'push')
      expectSame(receipt.verdicts, verdicts, 'The verdicts must come as the receiver gave them, in the order of the batch')
    }
  }),
  peerCase({
    name: 'returns what the receiver has, exactly',
    promise: 'A receipt says what the receiver now has of the feeds concerned: tips, heads and whether it is closed.',
    source: 'transport.ts, Receipt and FeedState',
    async play (stage) {
      const [alpha, beta] = [await stage.actor(), await stage.actor()]
      beta.receiver.have = makeStates(alpha.identity)
      const link = await stage.link(alpha, beta)
      const receipt = await stage.within(link.push(makeChain(alpha.identity, 1).map(({ bytes }) => bytes), never), 'push')
      expectSame(receipt.have, beta.receiver.have, 'The receipt must have the states of the receiver')
    }
  }),
  peerCase({
    name: 'calls nothing stored before the receiver did',
    promise: '`stored` and `duplicate` promise that the item is on disk there: only the receiver can say so.',
    source: 'docs/plugin-authors.md, Contracts, Link',
    async play (stage) {
      const [alpha, beta, gamma] = [await stage.actor(), await stage.actor(), await stage.actor()]
      let release = () => {}
      let isReleased = false
      beta.receiver.hold = new Promise((resolve) => { release = () => { isReleased = true; resolve() } })
      const [link, other] = [await stage.link(alpha, beta), await stage.link(alpha, gamma)]
      const came = beta.receiver.next('receive')
      const early = link.push(makeChain(alpha.identity, 1).map(({ bytes }) => bytes), never).then(() => !isReleased)
      await stage.within(came, 'a push at the receiver')
      for (let turn = 0; turn < 3; turn++) await stage.within(other.digest({ root: new Uint8Array(32) }, never), 'a digest of another peer')
      release()
      expectThat(!await stage.within(early, 'push'), 'push has resolved while the receiver was still storing the item')
    }
  }),
  peerCase({
    name: 'leaves the receiver what it was given',
    promise: 'Arguments of a receiver belong to it from the call on.',
    source: 'transport.ts, EnvelopeReceiver',
    async play (stage) {
      const [alpha, beta] = [await stage.actor(), await stage.actor()]
      const link = await stage.link(alpha, beta)
      const made = makeChain(alpha.identity, 8).map(({ bytes }) => bytes)
      for (const item of made) await stage.within(link.push([item], never), 'push')
      const strange = beta.receiver.received.filter((item) => !made.map(keyOf).includes(keyOf(item)))
      expectThat(strange.length === 0, `${strange.length} of ${made.length} items were changed after the receiver was given them`)
    }
  })
]

/** Pushes, and throws unless all that was called stored came, unaltered, and nothing else. */
async function expectCarried (stage: TransportStage, from: Actor, to: Actor, batch: readonly Uint8Array[]): Promise<void> {
  const before = to.receiver.received.length
  const link = await stage.link(from, to)
  const sent = batch.map(keyOf)
  const receipt = await stage.within(link.push(batch, never), `a push of ${batch.length} items`)
  expectSame(receipt.verdicts, batch.map(() => ({ status: 'stored' })), 'The verdicts must be those of the receiver')
  const came = to.receiver.received.slice(before)
  const stranger = came.find((item) => !sent.includes(keyOf(item)))
  expectThat(stranger === undefined, `An item of ${stranger?.length} bytes came that nobody sent: bytes were altered, cut or joined`)
  const keys = new Set(came.map(keyOf))
  const missing = batch.find((item) => !keys.has(keyOf(item)))
  expectThat(missing === undefined, `An item of ${missing?.length} bytes was called stored and never came`)
}

/** States with everything that one can have: forks, heads, a closed feed. */
export function makeStates (identity: Identity): readonly FeedState[] {
  const [one, two] = makeChain(identity, 2)
  const [other] = makeChain(identity, 1, { journal: 'plans' })
  if (one === undefined || two === undefined || other === undefined) throw new TypeError('No envelopes')
  return [
    { feed: feedOf(one), tips: [tipOf(one), tipOf(two)], heads: [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)] },
    { feed: feedOf(other), tips: [tipOf(other)], heads: [], closed: true }
  ]
}
