import { EventEmitter } from 'node:events'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { expect } from 'chai'
import { Checks, HttpRoutes, type Link, type Messages, type Prober, type SignedAnnouncement, type Transport } from '@akshi/core'
import { settle, VirtualClock } from '@akshi/testkit'
import { Bulkhead } from '../../../packages/core/src/isolation/bulkhead.ts'
import { BusyTime } from '../../../packages/core/src/isolation/busy-time.ts'
import { receiptProblem } from '../../../packages/core/src/isolation/answer-checks.ts'
import { candidateProblem } from '../../../packages/core/src/isolation/candidate-checks.ts'
import { GuardedDiscovery } from '../../../packages/core/src/isolation/guarded-discovery.ts'
import { guardParts } from '../../../packages/core/src/isolation/guarded-parts.ts'
import { guardTokens } from '../../../packages/core/src/isolation/guarded-tokens.ts'
import { GuardedTransport } from '../../../packages/core/src/isolation/guarded-transport.ts'
import { TapGuard } from '../../../packages/core/src/isolation/tap-guard.ts'
import { codeOf } from '../../support/failures.ts'
import { lineLogger } from '../../support/line-logger.ts'
import { announcementBy, madeUpDid } from '../peers/peer-fixture.ts'

const never = () => new Promise<never>(() => {})
const fail = (): never => { throw new Error('out of coffee') }
const [one, two] = [madeUpDid(1), madeUpDid(2)]

function makeBulkhead () {
  const clock = new VirtualClock()
  const { logger, lines } = lineLogger()
  const bulkhead = new Bulkhead({ name: 'bad', title: 'plugin "bad"', busy: new BusyTime(clock), notices: { add: () => {} }, clock, logger })
  return { bulkhead, clock, lines, failures: (what: string) => bulkhead.meter.all().find((timing) => timing.what === what)?.failures }
}

describe('TapGuard', () => {
  it('leaves an observer out while 64 of its calls have not ended', async () => {
    const { bulkhead, clock, failures } = makeBulkhead()
    const ends: (() => void)[] = []
    const tap = new TapGuard(bulkhead, clock).guard('onPeerDiscovered', () => new Promise<void>((resolve) => ends.push(resolve)))
    for (let call = 0; call < 70; call++) tap({})
    expect([ends.length, failures('onPeerDiscovered')]).to.deep.equal([64, 6])
    ends[0]?.()
    await settle()
    tap({})
    expect(ends.length).to.equal(65)
  })
})

describe('GuardedDiscovery.announce', () => {
  it('has one under way, and then the newest of those that came meanwhile', async () => {
    const { bulkhead, clock } = makeBulkhead()
    const seqs: number[] = []
    const ends: (() => void)[] = []
    const discovery = new GuardedDiscovery({ start: async () => {}, stop: async () => {}, announce: ({ announcement: { seq } }) => { seqs.push(seq); return new Promise((resolve) => ends.push(resolve)) } }, bulkhead, clock)
    const signed = announcementBy(one, 'alpha')
    const announce = (seq: number) => discovery.announce({ ...signed, announcement: { ...signed.announcement, seq } })
    const all = [1, 2, 3].map(announce)
    expect(seqs).to.deep.equal([1])
    ends[0]?.()
    await settle()
    expect(seqs).to.deep.equal([1, 3])
    ends[1]?.()
    await Promise.all(all)
    void announce(4)
    expect(seqs).to.deep.equal([1, 3, 4])
  })
})

describe('GuardedTransport', () => {
  const given = (link: unknown): Transport => ({ reach: 'peer', start: async () => {}, stop: async () => {}, connect: async () => link as Link })
  const link = { push: never, digest: never, close: async () => {} }

  it('refuses items that are no bytes, and what is no iterable', async () => {
    const { bulkhead, clock, failures } = makeBulkhead()
    for (const pull of [() => undefined, async function * () { yield 'text' }]) {
      const guarded = await new GuardedTransport(given({ ...link, pull }), bulkhead, clock).connect({ kind: 'shared' }, new AbortController().signal)
      const items = guarded.pull([], { limit: 1 }, new AbortController().signal)[Symbol.asyncIterator]()
      expect(await codeOf(() => items.next())).to.equal('MESH_SEND_FAILED')
    }
    expect(failures('transport.pull')).to.equal(2)
  })

  it('has onBreak and at when the link has them, and not otherwise', async () => {
    const { bulkhead, clock } = makeBulkhead()
    const connect = async (more: object) => await new GuardedTransport(given({ ...link, pull: never, ...more }), bulkhead, clock).connect({ kind: 'shared' }, new AbortController().signal)
    const [plain, full] = [await connect({}), await connect({ onBreak: fail, at: fail })]
    full.onBreak?.(() => {})
    expect([plain.onBreak, plain.at, full.at?.()]).to.deep.equal([undefined, undefined, undefined])
  })
})

describe('guardParts', () => {
  it('refuses the announcement of another node than was asked for, and what is none', async () => {
    const { bulkhead, clock, failures } = makeBulkhead()
    const prove = async (answer: unknown) => {
      const prober: Prober = { prove: async () => answer as SignedAnnouncement }
      return await guardParts({ prober }, bulkhead, clock).prober?.prove(one, { host: '192.0.2.1', port: 1 }, new AbortController().signal)
    }
    expect(await prove(announcementBy(one, 'alpha'))).to.deep.equal(announcementBy(one, 'alpha'))
    for (const answer of [announcementBy(two, 'beta'), undefined, { announcement: { did: one } }]) expect(await codeOf(() => prove(answer))).to.equal('MESH_SEND_FAILED')
    expect(failures('prober.prove')).to.equal(3)
  })
})

describe('guardTokens', () => {
  /** The tokens of a plugin, and those behind them. */
  function makeTokens () {
    const made = makeBulkhead()
    const [httpRoutes, checks] = [new HttpRoutes(), new Checks(made.clock)]
    const messages = { take: undefined as Parameters<Messages['receive']>[0] | undefined, send: fail, receive: (take: Parameters<Messages['receive']>[0]) => { messages.take = take; return () => {} } }
    return { ...made, httpRoutes, checks, messages, tokens: guardTokens({ httpRoutes, checks, messages }, made.bulkhead) }
  }

  /** What a route answers; `destroyed` when its answer was cut off. */
  async function answerOf (listener: RequestListener | undefined, headersSent = false): Promise<unknown> {
    const response = Object.assign(new EventEmitter(), { headersSent, said: [] as unknown[], writeHead (status: number) { this.said.push(status); return this }, end (text: string) { this.said.push((JSON.parse(text) as { error: string }).error) }, destroy () { this.said.push('destroyed') } })
    listener?.({ resume: () => {} } as IncomingMessage, response as unknown as ServerResponse)
    await settle()
    return response.said
  }

  it('answers for a route that throws or rejects, or whose plugin is out', async () => {
    const { tokens, httpRoutes, bulkhead, lines } = makeTokens()
    tokens.httpRoutes.mount({ path: '/throws', access: 'local', listener: fail })
    tokens.httpRoutes.mount({ path: '/rejects', access: 'local', listener: async () => fail() })
    const listenerOf = (path: string) => httpRoutes.find(path)?.listener
    expect([await answerOf(listenerOf('/throws')), await answerOf(listenerOf('/rejects')), await answerOf(listenerOf('/throws'), true)]).to.deep.equal([[500, 'MESH_SEND_FAILED'], [500, 'MESH_SEND_FAILED'], ['destroyed']])
    expect(lines).to.deep.equal(['warn plugin "bad" failed in route /throws', 'warn plugin "bad" failed in route /rejects'])
    bulkhead.close('it is broken')
    expect(await answerOf(listenerOf('/throws'))).to.deep.equal([503, 'MESH_NOT_RUNNING'])
  })

  it('shares routes and checks with all', async () => {
    const { tokens, httpRoutes, checks } = makeTokens()
    httpRoutes.baseUrl = 'http://127.0.0.1:1'
    httpRoutes.mount({ path: '/a', access: 'open', listener: fail })
    expect(() => tokens.httpRoutes.mount({ path: '/a', access: 'open', listener: fail })).to.throw(TypeError, '"/a" is mounted already')
    expect(tokens.httpRoutes.baseUrl).to.equal('http://127.0.0.1:1')
    const remove = tokens.checks.add('pigeon', () => [{ level: 'ok', message: 'flies' }])
    expect(await checks.run()).to.deep.equal([{ topic: 'pigeon', level: 'ok', message: 'flies' }])
    remove()
    expect(await checks.run()).to.deep.equal([])
  })

  it('asks no check of a plugin that is out, and gives it no message', async () => {
    const { tokens, checks, messages, bulkhead } = makeTokens()
    let calls = 0
    tokens.checks.add('pigeon', () => { calls++; return [] })
    tokens.messages.receive(async () => { calls++ })
    await messages.take?.({ from: one, payload: new Uint8Array() })
    bulkhead.close('it is broken')
    await checks.run()
    expect([await codeOf(() => messages.take?.({ from: one, payload: new Uint8Array() }) ?? Promise.resolve()), calls]).to.deep.equal(['MESH_NOT_RUNNING', 1])
    expect(await checks.run()).to.deep.equal([])
  })
})

describe('what a plugin gives is checked', () => {
  it('the verdicts of a receipt', () => {
    const receipt = (status: unknown) => receiptProblem({ verdicts: [{ status }], have: [] }, 1)
    expect([receipt('stored'), receipt('fine'), receipt(undefined)]).to.deep.equal([undefined, 'its receipt has a verdict without a known status', 'its receipt has a verdict without a known status'])
  })

  it('the ports and hosts of a candidate', () => {
    const problem = (host: unknown, port: unknown) => candidateProblem({ did: one, addresses: [{ host, port }] }) !== undefined
    expect([problem('a', 1), problem('a', 65_535), problem('a', 0), problem('a', 65_536), problem('x'.repeat(254), 1), problem(1, 1)]).to.deep.equal([false, false, true, true, true, true])
  })
})
