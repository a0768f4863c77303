import { digestRoot, type Did, type Digest, type PullOptions, type Range } from '@akshi/core'
import { makeStates } from './carrying-cases.ts'
import { expectSame, expectThat } from './conformance-case.ts'
import { feedOf, keyOf, makeChain, makeLargestEnvelope, makeSnapshot, never, noise, tipOf } from './material.ts'
import { peerCase, type TransportCase } from './transport-case.ts'
import { asks, collect, type Actor, type TransportStage } from './transport-stage.ts'

/** What a digest and a pull do, on links to a peer, and who asks. */
export const askingCases: readonly TransportCase[] = [
  peerCase({
    name: 'exchanges digests that are a root only',
    promise: 'The one who asks sends the root alone; the answer leaves feeds out when its own root is the same.',
    source: 'transport.ts, Digest',
    async play (stage) {
      await expectDigests(stage, { root: noise('asked', 32) }, { root: noise('answered', 32) })
    }
  }),
  peerCase({
    name: 'exchanges digests with feeds',
    promise: 'A digest says for each feed its tips, several when it is forked, and heads.',
    source: 'docs/plugin-authors.md, Contracts, Link',
    async play (stage) {
      const feeds = makeStates(stage.identity())
      await expectDigests(stage, { root: digestRoot(feeds), feeds }, { root: noise('answered', 32), feeds })
      await expectDigests(stage, { root: noise('asked', 32) }, { root: noise('answered', 32), feeds: [] })
    }
  }),
  peerCase({
    name: 'passes ranges and options of a pull on to the receiver',
    promise: 'A link to a node passes all this (have, skip, limit, newestFirst) to receiver.serve over there.',
    source: 'docs/plugin-authors.md, Contracts, Link',
    async play (stage) {
      const [alpha, beta] = [await stage.actor(), await stage.actor()]
      const want = makeRanges(alpha)
      const link = await stage.link(alpha, beta)
      const options: readonly PullOptions[] = [{ limit: 7, newestFirst: true }, { limit: 200, newestFirst: false }]
      for (const each of options) await stage.within(collect(link.pull(want, each, never)), 'pull')
      const asked = beta.receiver.calls.flatMap((call) => call.kind === 'serve' ? { want: call.want.map(withSkip), options: call.options } : [])
      expectSame(asked, options.map((each) => ({ want, options: each })), 'receiver.serve must be given what was asked')
    }
  }),
  peerCase({
    name: 'brings what is served, unaltered',
    promise: 'pull gives the items that the receiver over there serves, each as it was signed; fewer are fine, the caller asks again.',
    source: 'docs/plugin-authors.md, Contracts, Link',
    async play (stage) {
      const [alpha, beta] = [await stage.actor(), await stage.actor()]
      const chain = makeChain(beta.identity, 20, { payloadBytes: (seq) => seq === 3 ? 500_000 : seq * 100 })
      beta.receiver.items = [...chain.map(({ bytes }) => bytes), ...chain.slice(-1).map((proof) => makeSnapshot(proof, 100_000))]
      await expectPulled(stage, alpha, beta)
      beta.receiver.items = [makeLargestEnvelope(beta.identity).bytes]
      await expectPulled(stage, alpha, beta)
    }
  }),
  peerCase({
    name: 'goes on after a pull that was left early',
    promise: 'pull is an AsyncIterable: who leaves it has ended the call, and the next call can be made.',
    source: 'transport.ts, Link',
    async play (stage) {
      const [alpha, beta] = [await stage.actor(), await stage.actor()]
      const chain = makeChain(beta.identity, 40, { payloadBytes: () => 100_000 })
      beta.receiver.items = chain.map(({ bytes }) => bytes)
      const link = await stage.link(alpha, beta)
      const leave = async () => {
        const items = link.pull(chain.slice(0, 1).map((each) => ({ feed: feedOf(each), have: [] })), { limit: 100 }, never)[Symbol.asyncIterator]()
        const { done } = await items.next()
        await items.return?.()
        return done !== true
      }
      expectThat(await stage.within(leave(), 'leaving a pull after its first item'), 'The pull brought nothing')
      for (const { kind, of } of asks) await stage.within(of(link, never), `a call (${kind}) after a pull that was left`)
    }
  }),
  peerCase({
    name: 'says truly who asks',
    promise: 'A transport says who is asking: the DID that the connection has proven.',
    source: 'transport.ts, EnvelopeReceiver',
    async play (stage) {
      const [alpha, beta, gamma] = [await stage.actor(), await stage.actor(), await stage.actor()]
      const askers = [{ did: alpha.did, link: await stage.link(alpha, beta) }, { did: gamma.did, link: await stage.link(gamma, beta) }]
      beta.receiver.answer = (_theirs, from) => ({ root: noise(from.kind === 'peer' ? from.did : from.name, 32) })
      const answers = await stage.within(Promise.all(askers.map(({ link }) => link.digest({ root: noise('asked', 32) }, never))), 'digests of two peers')
      expectSame(answers, askers.map(({ did }) => ({ root: noise(did, 32) })), 'Two peers that ask at once must each get their own answer')
      for (const { of } of asks) for (const { did, link } of askers) await expectAsker(stage, beta, did, () => of(link, never))
    }
  }),
  peerCase({
    name: 'lets nobody speak in the name of another',
    promise: 'Pass the DID that the connection has proven: who has a public key without its private key has proven nothing.',
    source: 'docs/plugin-authors.md, Contracts, Transport',
    async play (stage) {
      const [alpha, beta] = [await stage.actor(), await stage.actor()]
      const { privateKey, sign } = stage.identity()
      const liar = await stage.makeActor({ ...alpha.identity, privateKey, sign }).catch(() => undefined)
      if (liar === undefined) return                                                // its setup will have none of it
      const speak = async () => {
        await liar.transport.start(liar.receiver, never)
        for (const { of } of asks) await of(await stage.link(liar, beta), never).catch(() => {})
      }
      await stage.within(speak().catch(() => {}), 'the attempt of an impostor')
      const spoken = beta.receiver.calls.filter(({ from }) => from.kind === 'peer' && from.did === alpha.did)
      expectSame(spoken.map(({ kind }) => kind), [], 'Calls came in the name of a node whose private key the caller does not have')
    }
  })
]

async function expectDigests (stage: TransportStage, asked: Digest, answered: Digest): Promise<void> {
  const [alpha, beta] = [await stage.actor(), await stage.actor()]
  beta.receiver.answer = () => answered
  const link = await stage.link(alpha, beta)
  expectSame(await stage.within(link.digest(asked, never), 'digest'), answered, 'The answer must be that of the receiver')
  expectSame(beta.receiver.calls.flatMap((call) => call.kind === 'digest' ? call.theirs : []), [asked], 'The receiver must be asked what was asked')
}

/** Asks again while something comes, as core does; then all must be there, and nothing else. */
async function expectPulled (stage: TransportStage, from: Actor, to: Actor): Promise<void> {
  const link = await stage.link(from, to)
  const left = new Set(to.receiver.items.map(keyOf))
  for (let round = 0; round < 10 && left.size > 0; round++) {
    const [first] = makeChain(to.identity, 1)
    const want = first === undefined ? [] : [{ feed: feedOf(first), have: [] }]
    for (const item of await stage.within(collect(link.pull(want, { limit: 1_000 }, never)), 'pull')) {
      expectThat(to.receiver.items.some((each) => keyOf(each) === keyOf(item)), `An item of ${item.length} bytes came that was not served: bytes were altered, cut or joined`)
      left.delete(keyOf(item))
    }
  }
  expectThat(left.size === 0, `${left.size} of ${to.receiver.items.length} items never came, though they were asked for ten times`)
}

async function expectAsker (stage: TransportStage, receiving: Actor, asker: Did, ask: () => Promise<unknown>): Promise<void> {
  const before = receiving.receiver.calls.length
  await stage.within(ask(), 'a call')
  const sources = receiving.receiver.calls.slice(before).map(({ from }) => from)
  expectSame(sources, [{ kind: 'peer', did: asker }], 'The receiver must be told who asks')
}

function makeRanges ({ identity }: Actor): readonly Range[] {
  const chain = makeChain(identity, 6)
  const other = makeChain(identity, 1, { journal: 'plans' })
  return [
    ...chain.slice(0, 1).map((each) => ({ feed: feedOf(each), have: chain.slice(0, 3).map(tipOf), skip: chain.slice(4).map(tipOf) })),
    ...other.map((each) => ({ feed: { ...feedOf(each), part: 'state' as const }, have: [], skip: [] }))
  ]
}

function withSkip ({ skip = [], ...range }: Range): Range {
  return { ...range, skip }
}
