import { digestRoot, type LogEnvelope, type Tip } from '@akshi/core'
import { expectSame, expectThat } from './conformance-case.ts'
import { feedOf, keyOf, makeChain, makeLargestEnvelope, makeLargestSnapshot, makeSnapshot, never, noise, tipOf } from './material.ts'
import { SharedReader } from './shared-reader.ts'
import { sharedCase, type TransportCase } from './transport-case.ts'

/** What everybody can rely on who shares a place. */
export const sharedCases: readonly TransportCase[] = [
  sharedCase({
    name: 'gives others what one has pushed, unaltered',
    promise: 'It never alters a byte, of an envelope or of a snapshot, up to the largest.',
    source: 'docs/plugin-authors.md, Contracts, Transport and Sizes',
    async play (stage) {
      const [writer, reader] = [await SharedReader.open(stage), await SharedReader.open(stage)]
      const sizes = [0, 1, 255, 256, 65_535, 65_536]
      const chain = makeChain(writer.identity, sizes.length, { payloadBytes: (seq) => sizes[seq - 1] ?? 0 })
      const others = [makeLargestEnvelope(stage.identity()).bytes, ...makeChain(stage.identity(), 1).map((proof) => makeLargestSnapshot(proof))]
      const items = [...chain.map(({ bytes }) => bytes), ...others]
      expectSame(await writer.push(items), items.map(() => 'stored'), 'What is new must be stored')
      await reader.expectAll(items)
    }
  }),
  sharedCase({
    name: 'keeps what was pushed when its writer is gone',
    promise: '`stored` promises that it is on disk there: for readers that come later, and for the next life of the writer.',
    source: 'docs/plugin-authors.md, Contracts, Link',
    async play (stage) {
      const writer = await SharedReader.open(stage)
      const items = makeChain(writer.identity, 5).map(({ bytes }) => bytes)
      await writer.push(items)
      await stage.within(writer.actor.transport.stop(), 'stop')
      for (const identity of [stage.identity(), writer.identity]) await (await SharedReader.open(stage, identity)).expectAll(items)
    }
  }),
  sharedCase({
    name: 'calls a duplicate what is there already',
    promise: 'A receipt has a verdict for each item, in order; `stored` and `duplicate` mean that it is on disk there.',
    source: 'transport.ts, Verdict and Receipt',
    async play (stage) {
      const [writer, other] = [await SharedReader.open(stage), await SharedReader.open(stage)]
      const [one, two, three] = makeChain(writer.identity, 3).map(({ bytes }) => bytes) as [Uint8Array, Uint8Array, Uint8Array]
      await writer.push([two])
      expectSame(await writer.push([one, two, three]), ['stored', 'duplicate', 'stored'], 'The verdicts of a batch of which the second item is there')
      await other.expectAll([one, two, three])
      expectSame(await other.push([one, two, three]), ['duplicate', 'duplicate', 'duplicate'], 'The verdicts when another has pushed the same')
    }
  }),
  sharedCase({
    name: 'says what is there of the feeds concerned',
    promise: 'A receipt says what the receiver now has of the feeds concerned, and a digest what the other end has: for each feed its tips.',
    source: 'transport.ts, Receipt; docs/plugin-authors.md, Contracts, Link',
    async play (stage) {
      const [writer, reader] = [await SharedReader.open(stage), await SharedReader.open(stage)]
      const chain = makeChain(writer.identity, 4)
      const states = chain.slice(-1).map((last) => ({ feed: feedOf(last), tips: [tipOf(last)], heads: [] }))
      const { have } = await stage.within(writer.link.push(chain.map(({ bytes }) => bytes), never), 'push')
      expectSame(have, states, 'The receipt must have the tip of the feed')
      await reader.expectAll(chain.map(({ bytes }) => bytes))
      expectSame((await reader.digest()).feeds, states, 'The digest must have the tip of the feed')
    }
  }),
  sharedCase({
    name: 'always lists its feeds, without heads',
    promise: 'What is shared has no documents, so no heads: its root is never a node\'s, and `feeds` is always there.',
    source: 'transport.ts, Digest',
    async play (stage) {
      const writer = await SharedReader.open(stage)
      await writer.push(makeChain(writer.identity, 3).map(({ bytes }) => bytes))
      const { root, feeds } = await writer.digest()
      expectThat(feeds?.length === 1 && feeds.every(({ heads }) => heads.length === 0), 'A digest must list the one feed that is there, without heads')
      expectSame(root, digestRoot(feeds), 'The root must be that of the feeds')
      expectThat((await writer.digest(root)).feeds !== undefined, 'A digest must list feeds also for the one who asks with the same root')
    }
  }),
  sharedCase({
    name: 'holds nothing back that stands after what one has',
    promise: 'Go on after those points that you know, and pass over the others: too much is harmless, while what is held back is missing.',
    source: 'docs/plugin-authors.md, Contracts, Link',
    async play (stage) {
      const [writer, reader] = [await SharedReader.open(stage), await SharedReader.open(stage)]
      const chain = makeChain(writer.identity, 6)
      await writer.push(chain.map(({ bytes }) => bytes))
      await reader.expectAll(chain.map(({ bytes }) => bytes))
      const strange = { seq: 5, id: noise('a point that nobody knows', 32) }
      const asked: readonly (readonly [have: readonly Tip[], from: number])[] = [
        [[], 0], [chain.slice(1, 2).map(tipOf), 2], [[strange], 0], [[strange, ...chain.slice(2, 3).map(tipOf)], 3]
      ]
      for (const [have, from] of asked) {
        const came = new Set((await reader.pull(chain, { have })).map(keyOf))
        const missing = chain.slice(from).filter(({ bytes }) => !came.has(keyOf(bytes))).map(({ header }) => header.seq)
        expectSame(missing, [], `Envelopes that a pull held back, which has ${have.map(({ seq }) => seq).join(' and ') || 'nothing'}${have.includes(strange) ? ' (5 is of no path)' : ''}`)
      }
    }
  }),
  sharedCase({
    name: 'brings no more than the limit, and the rest when asked again',
    promise: '`options` has the most items to bring; fewer are fine, the caller asks again.',
    source: 'docs/plugin-authors.md, Contracts, Link',
    async play (stage) {
      const writer = await SharedReader.open(stage)
      const chain = makeChain(writer.identity, 7)
      await writer.push(chain.map(({ bytes }) => bytes))
      const got: LogEnvelope[] = []
      for (let round = 0; round < chain.length && got.length < chain.length; round++) {
        const came = await writer.pull(chain, { have: got.slice(-1).map(tipOf) }, { limit: 3 })
        expectThat(came.length <= 3, `A pull of at most 3 items brought ${came.length}`)
        got.push(...chain.filter((each) => !got.includes(each) && came.some((item) => keyOf(item) === keyOf(each.bytes))))
      }
      expectSame(got.map(({ header }) => header.seq), [1, 2, 3, 4, 5, 6, 7], 'What came of pulls one after the other')
    }
  }),
  sharedCase({
    name: 'does not send a snapshot again that is to be skipped',
    promise: '`skip` are proofs of snapshots that must not be sent again.',
    source: 'docs/plugin-authors.md, Contracts, Link',
    async play (stage) {
      const writer = await SharedReader.open(stage)
      const [chain, snapshots] = makeSegments(writer.identity)
      await writer.push(snapshots.map(({ bytes }) => bytes))
      for (const skipped of snapshots) {
        const came = (await writer.pull(chain, { skip: [tipOf(skipped.proof)] })).map(keyOf)
        expectThat(!came.includes(keyOf(skipped.bytes)), `A pull brought the snapshot of envelope ${skipped.proof.header.seq} that it was told to skip`)
        expectThat(snapshots.every(({ bytes }) => bytes === skipped.bytes || came.includes(keyOf(bytes))), 'A pull held back a snapshot that it was not told to skip')
      }
    }
  }),
  sharedCase({
    name: 'brings the newest snapshot first when asked to',
    promise: '`newestFirst`: snapshots from the newest to the oldest, so that what is read first comes first.',
    source: 'transport.ts, PullOptions',
    async play (stage) {
      const writer = await SharedReader.open(stage)
      const [chain, snapshots] = makeSegments(writer.identity)
      await writer.push(snapshots.map(({ bytes }) => bytes))
      const [first] = await writer.pull(chain, {}, { limit: 1, newestFirst: true })
      const place = snapshots.findIndex(({ bytes }) => first !== undefined && keyOf(bytes) === keyOf(first))
      expectSame(place, snapshots.length - 1, 'The place, from the oldest, of the one snapshot that a pull brought')
    }
  }),
  sharedCase({
    name: 'gives a hint when there is news',
    promise: 'Call `receiver.hint` when there may be news: sync is driven by it.',
    source: 'docs/plugin-authors.md, Contracts, Transport',
    async play (stage) {
      const [writer, reader] = [await SharedReader.open(stage), await SharedReader.open(stage)]
      for (const journal of ['notes', 'plans']) {
        await reader.digest()
        const hint = reader.actor.receiver.next('hint')
        await writer.push(makeChain(writer.identity, 2, { journal }).map(({ bytes }) => bytes))
        const { from } = await stage.within(hint, 'a hint for what another has pushed')
        expectThat(from.kind === 'shared', `The hint came as from a ${from.kind}, not from what is shared`)
      }
    }
  }),
  sharedCase({
    name: 'leaves what others have pushed',
    promise: '`stored` promises that it is on disk there, whoever else writes, stops and starts.',
    source: 'docs/plugin-authors.md, Contracts, Link',
    async play (stage) {
      const [writer, other] = [await SharedReader.open(stage), await SharedReader.open(stage)]
      const items = makeChain(writer.identity, 4).map(({ bytes }) => bytes)
      await writer.push(items)
      await other.expectAll(items)
      const [chain, snapshots] = makeSegments(other.identity)
      const theirs = [...chain.map(({ bytes }) => bytes), ...snapshots.map(({ bytes }) => bytes)]
      for (const item of theirs) await other.push([item])
      await stage.within(other.actor.transport.stop(), 'stop')
      const next = await SharedReader.open(stage, other.identity)
      await next.push(makeChain(other.identity, 1, { journal: 'plans' }).map(({ bytes }) => bytes))
      await (await SharedReader.open(stage)).expectAll(items)
    }
  }),
  sharedCase({
    name: 'takes what several push at once',
    promise: 'A transport of reach "shared" is one that all share: each that was told `stored` finds it there.',
    source: 'docs/plugin-authors.md, Contracts, Transport and Link',
    async play (stage) {
      const writers = [await SharedReader.open(stage), await SharedReader.open(stage), await SharedReader.open(stage)]
      const common = makeChain(stage.identity(), 3).map(({ bytes }) => bytes)
      const own = writers.map(({ identity }) => makeChain(identity, 3).map(({ bytes }) => bytes))
      await Promise.all(writers.map((writer, index) => writer.push([...common, ...own[index] ?? []])))
      await (await SharedReader.open(stage)).expectAll([...common, ...own.flat()])
    }
  })
]

/** A log of three full segments, and the snapshot of each. */
function makeSegments (identity: Parameters<typeof makeChain>[0]): readonly [readonly LogEnvelope[], readonly { readonly proof: LogEnvelope, readonly bytes: Uint8Array }[]] {
  const chain = makeChain(identity, 6, { perSegment: 2 })
  return [chain, chain.filter(({ header }) => header.seq % 2 === 0).map((proof) => ({ proof, bytes: makeSnapshot(proof) }))]
}
