import { expect } from 'chai'
import { createIdentity, definePlugin, NoConfig, sealEnvelope, silentLogger, type Did, type Handing, type IncomingMessage, type Messages, type OutgoingMessage, type Plugin, type Veto } from '@akshi/core'
import { VirtualClock } from '@akshi/testkit'
import { MessageCarrier } from '../../../packages/core/src/messages/message-carrier.ts'
import { encodeMessageItem } from '../../../packages/core/src/messages/message-item.ts'
import { Lab, type LabOptions } from '../../testkit/support/lab.ts'

const hourMs = 3_600_000

/** A node's end of the messages, as a plugin sees it. */
class Post {
  readonly got: string[] = []
  readonly leaving: OutgoingMessage[] = []
  judge: (message: OutgoingMessage) => Veto | undefined = () => undefined
  fails = false
  messages: Messages | undefined

  readonly plugin: Plugin = definePlugin({
    name: 'post',
    apiVersion: 1,
    config: NoConfig,
    setup: ({ messages, hooks }) => {
      this.messages = messages
      messages.receive((message) => this.#take(message))
      hooks.beforeEnvelopeSend.tap('post', (envelope) => {
        if (envelope.kind !== 'a2a') return undefined
        this.leaving.push(envelope)
        return this.judge(envelope)
      })
      return {}
    }
  })

  async #take ({ from, payload }: IncomingMessage): Promise<void> {
    if (this.fails) throw new Error('the disk is full')
    this.got.push(`${from.slice(-4)} ${Buffer.from(payload).toString()}`)
  }
}

/** Nodes in a row, each linked to its neighbours only. */
async function row (nodes: number, options: LabOptions = {}): Promise<AsyncDisposable & { readonly lab: Lab, readonly posts: readonly Post[] }> {
  const posts = Array.from({ length: nodes }, () => new Post())
  const lab = new Lab({ nodes, ...options, plugins: (number) => [(posts[number] as Post).plugin] })
  for (let one = 0; one < nodes; one++) for (let other = 0; other < nodes; other++) if (Math.abs(one - other) > 1) lab.network.cut(did(lab, one), did(lab, other))
  await lab.start()
  await lab.runUntil(() => lab.hasConverged)
  return { lab, posts, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() }
}

function did (lab: Lab, number: number): Did {
  return lab.node(number).did
}

async function send (lab: Lab, post: Post | undefined, to: Did, text: string, lifeMs = hourMs): Promise<Handing> {
  return (await lab.until((post as Post & { messages: Messages }).messages.send(to, Buffer.from(text), lab.clock.now() + lifeMs))).handing
}

describe('MessageCarrier', () => {
  it('hands a message to its recipient where a link to it works, and says so', async () => {
    await using made = await row(2)
    const { lab, posts: [one, two] } = made
    expect([await send(lab, one, did(lab, 1), 'hello'), two?.got]).to.deep.equal(['delivered', [`${did(lab, 0).slice(-4)} hello`]])
  })

  it('gives it to peers that carry it to its recipient, over three of them at most', async () => {
    await using made = await row(6)
    const { lab, posts } = made
    expect([await send(lab, posts[0], did(lab, 2), 'near'), await send(lab, posts[0], did(lab, 4), 'far'), await send(lab, posts[0], did(lab, 5), 'too far')]).to.deep.equal(['carried', 'carried', 'carried'])
    await lab.run(5_000)
    expect(posts.map(({ got }) => got.map((text) => text.slice(5)))).to.deep.equal([[], [], ['near'], [], ['far'], []])
  })

  it('shows carriers who writes to whom, and nothing else', async () => {
    await using made = await row(3)
    const { lab, posts: [one, two] } = made
    await send(lab, one, did(lab, 2), 'sealed by who sends it')
    await lab.run(2_000)
    expect(two?.leaving.map(({ from, recipient, to }) => [from, recipient, to])).to.deep.equal([[did(lab, 0), did(lab, 2), did(lab, 2)]])
  })

  it('keeps what cannot be handed on until a link works, in order and once', async () => {
    await using made = await row(2)
    const { lab, posts: [one, two] } = made
    lab.network.cut(did(lab, 0), did(lab, 1))
    lab.network.cut(did(lab, 1), did(lab, 0))
    await lab.run(30_000)
    const handings = [await send(lab, one, did(lab, 1), 'first'), await send(lab, one, did(lab, 1), 'second'), await send(lab, one, did(lab, 1), 'brief', 5_000)]
    await lab.run(10_000)
    lab.network.heal()
    await lab.runUntil(() => two?.got.length === 2, 120_000)
    await lab.run(30_000)
    expect([handings, two?.got.map((text) => text.slice(5))]).to.deep.equal([['held', 'held', 'held'], ['first', 'second']])
  })

  it('puts it into the answer to one who asks and cannot be called, again if that got lost, and passes it between two of those', async () => {
    const hub = () => lab.node(0).did
    const posts = [new Post(), new Post(), new Post()] as const
    let losesAnswers = false
    await using lab: Lab = new Lab({
      nodes: 3,
      isAddressed: true,
      plugins: (number) => [(posts[number] as Post).plugin],
      fateOf: ({ from, to, isAnswer }) => (isAnswer && !losesAnswers) || (!isAnswer && from !== hub() && to === hub()) ? undefined : []
    })
    await lab.start()
    await lab.runUntil(() => lab.hasConverged)
    losesAnswers = true
    await lab.run(30_000)
    const handing = await send(lab, posts[0], did(lab, 1), 'from the hub')
    await lab.run(30_000)
    losesAnswers = false
    await lab.runUntil(() => posts[1].got.length === 1, 120_000)
    await send(lab, posts[1], did(lab, 2), 'through the hub')
    await lab.runUntil(() => posts[2].got.length === 1, 120_000)
    await lab.run(60_000)
    expect([handing, ...posts.map(({ got }) => got.map((text) => text.slice(5)))]).to.deep.equal(['held', [], ['from the hub'], ['through the hub']])
  })

  it('asks beforeEnvelopeSend for each link: a veto keeps a message from that one only', async () => {
    await using made = await row(3)
    const { lab, posts: [one, two, three] } = made
    const [first, last] = [one as Post, did(lab, 2)]
    first.judge = ({ recipient }) => recipient === last ? { reason: 'no' } : undefined
    expect([await send(lab, one, last, 'kept'), await send(lab, one, did(lab, 1), 'goes'), two?.got.length, three?.got.length]).to.deep.equal(['held', 'delivered', 1, 0])
  })

  it('brings it again when its recipient could not take it', async () => {
    await using made = await row(2)
    const { lab, posts: [one, two] } = made
    const last = two as Post
    last.fails = true
    const handing = await send(lab, one, did(lab, 1), 'hello')
    last.fails = false
    await send(lab, one, did(lab, 1), 'another')
    expect([handing, two?.got.map((text) => text.slice(5))]).to.deep.equal(['held', ['hello', 'another']])
  })

  it('takes nothing forged, expired, for strangers or of strangers, and nothing twice', async () => {
    const [self, peer, other] = [createIdentity(), createIdentity(), createIdentity()]
    const clock = new VirtualClock()
    const got: Did[] = []
    const carrier = new MessageCarrier({ identity: self, meshId: 'lab', links: { neighbours: () => [], send: async () => undefined }, trusts: (did) => did === peer.did, gate: { decide: async () => ({ veto: undefined, hung: false }) }, clock, logger: silentLogger })
    carrier.receive(async ({ from }) => { got.push(from) })
    const from = { kind: 'peer', did: peer.did } as const
    const at = clock.now()
    const item = ({ by = peer, to = self.did, expiresAt = at + hourMs, hops = 0 }) => encodeMessageItem({ hops, bytes: sealEnvelope(by, 'lab', { kind: 'a2a', to, at, expiresAt }, Buffer.from('x')).bytes })
    const good = item({})
    const forged = Buffer.from(good)
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
    const items = { forged, good, again: good, expired: item({ expiresAt: at }), immortal: item({ expiresAt: at + 400 * hourMs }), 'of a stranger': item({ by: other }), 'for a stranger': item({ to: other.did }), tireless: item({ hops: 9 }) }
    const verdicts: Record<string, string> = {}
    for (const [name, bytes] of Object.entries(items)) verdicts[name] = (await carrier.take(bytes, from)).status
    expect([verdicts, got]).to.deep.equal([{ forged: 'refused', good: 'stored', again: 'duplicate', expired: 'refused', immortal: 'refused', 'of a stranger': 'untrusted', 'for a stranger': 'refused', tireless: 'refused' }, [peer.did]])
    expect(await carrier.take(good, { kind: 'shared', name: 'fs' })).to.deep.include({ status: 'refused' })
  })

  it('keeps no more of one origin than its share, and goes on for others', async () => {
    const [self, peer, other] = [createIdentity(), createIdentity(), createIdentity()]
    const clock = new VirtualClock()
    const carrier = new MessageCarrier({ identity: self, meshId: 'lab', links: { neighbours: () => [], send: async () => undefined }, trusts: () => true, gate: { decide: async () => ({ veto: undefined, hung: false }) }, clock, logger: silentLogger })
    const large = Buffer.alloc(900_000)
    const from = { kind: 'peer', did: peer.did } as const
    const take = async (by: typeof peer, at: number) => (await carrier.take(encodeMessageItem({ hops: 0, bytes: sealEnvelope(by, 'lab', { kind: 'a2a', to: stranger, at, expiresAt: clock.now() + hourMs }, large).bytes }), from)).status
    const statuses: string[] = []
    for (let at = 0; at < 20; at++) statuses.push(await take(peer, at))
    expect([statuses.filter((status) => status === 'stored').length, statuses.at(-1), await take(other, 0)]).to.deep.equal([18, 'failed', 'stored'])
    await clock.advance(2 * hourMs)
    expect([await take(peer, 99), carrier.count]).to.deep.equal(['stored', 1])
  })
})

const stranger = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' as Did
