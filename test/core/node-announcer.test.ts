import { expect } from 'chai'
import { VirtualClock } from '@akshi/testkit'
import { openAnnouncement } from '../../packages/core/src/announce.ts'
import { HookBoard } from '../../packages/core/src/hooks.ts'
import { NodeAnnouncer } from '../../packages/core/src/node-announcer.ts'
import { lineLogger } from '../support/line-logger.ts'
import { identities } from './arbitraries.ts'

const [identity] = identities
const hour = 3_600_000

function makeAnnouncer (clock = new VirtualClock()) {
  const { logger, lines } = lineLogger()
  const { hooks } = new HookBoard(logger)
  const announcer = new NodeAnnouncer({ identity, meshId: 'mesh', name: 'alpha', agents: ['notes'], hooks, clock, logger })
  const heard: number[] = []
  const unsubscribe = announcer.onChange(({ announcement: { seq } }) => heard.push(seq))
  return { announcer, clock, hooks, lines, heard, unsubscribe }
}

describe('NodeAnnouncer', () => {
  it('announces this node as it is, for an hour, signed', () => {
    const { announcer, clock } = makeAnnouncer()
    const { announcement, bytes } = announcer.current()
    const { did, sealingKey } = identity
    const now = clock.now()
    expect(announcement).to.deep.equal({ did, seq: now, name: 'alpha', issuedAt: now, expiresAt: now + hour, addresses: [], capabilities: ['journal'], agents: ['notes'], sealingKey, extra: {} })
    expect(openAnnouncement(bytes, 'mesh').announcement).to.deep.equal(announcement)
    expect(announcer.current().bytes).to.equal(bytes)
  })

  it('names as many agents as fit beside the rest', () => {
    const { clock } = makeAnnouncer()
    const { logger } = lineLogger()
    const agents = Array.from({ length: 250 }, (_, number) => `${number}`.padStart(64, 'a'))
    const announcer = new NodeAnnouncer({ identity, meshId: 'mesh', name: 'alpha', agents, hooks: new HookBoard(logger).hooks, clock, logger })
    expect(openAnnouncement(announcer.current().bytes, 'mesh').announcement.agents).to.deep.equal(agents.slice(0, 122))
  })

  it('sends nothing that nobody could read: what plugins add beyond the bounds is left out, and logged', () => {
    const { announcer, hooks, lines } = makeAnnouncer()
    const addresses = Array.from({ length: 17 }, (_, port) => ({ host: '127.0.0.1', port: port + 1 }))
    hooks.assembleAnnouncement.tap('greedy', (announcement) => ({ ...announcement, addresses }))
    expect([openAnnouncement(announcer.current().bytes, 'mesh').announcement.addresses, lines.length]).to.deep.equal([[], 1])
  })

  it('numbers announcements upwards, within a millisecond, over a clock that goes back, and over restarts', async () => {
    const { announcer, clock } = makeAnnouncer()
    const seqs = [announcer.current().announcement.seq]
    for (const move of [0, -5_000, 10_000]) {
      clock.setNow(clock.now() + move)
      announcer.refresh()
      seqs.push(announcer.current().announcement.seq)
    }
    await clock.advance(1)
    seqs.push(makeAnnouncer(clock).announcer.current().announcement.seq)
    expect(seqs).to.deep.equal([...new Set(seqs)].sort((a, b) => a - b))
  })

  it('adds what plugins assemble, but lets none change who it is by, its number or its life', () => {
    const { announcer, hooks } = makeAnnouncer()
    const plain = announcer.current().announcement
    hooks.assembleAnnouncement.tap('http', (announcement) => ({ ...announcement, addresses: [{ host: '192.0.2.1', port: 1 }], did: identities[1].did, seq: 1, issuedAt: 2, expiresAt: 3 }))
    announcer.refresh()
    expect(announcer.current().announcement).to.deep.equal({ ...plain, seq: plain.seq + 2, addresses: [{ host: '192.0.2.1', port: 1 }] })
  })

  it('signs one with less in it, which is older than the whole one and newer than those before', () => {
    const { announcer } = makeAnnouncer()
    const { announcement: before } = announcer.current()
    announcer.refresh()
    const { announcement: whole } = announcer.current()
    const { announcement, bytes } = announcer.reduced((all) => ({ ...all, agents: [], did: identities[1].did, seq: 9, expiresAt: 0 }))
    expect(openAnnouncement(bytes, 'mesh').announcement).to.deep.equal({ ...whole, seq: announcement.seq, agents: [] })
    expect([before.seq < announcement.seq, announcement.seq < whole.seq]).to.deep.equal([true, true])
  })

  it('keeps what the other plugins add when one of them throws or says nothing, and says so', () => {
    const { announcer, hooks, lines } = makeAnnouncer()
    hooks.assembleAnnouncement.tap('a2a', (announcement) => ({ ...announcement, agents: ['planner'] }))
    hooks.assembleAnnouncement.tap('bad', () => { throw new Error('boom') })
    hooks.assembleAnnouncement.tap('silent', (() => null) as never)
    hooks.assembleAnnouncement.tap('dht', (announcement) => ({ ...announcement, extra: { dht: 1 } }))
    const { agents, extra } = announcer.current().announcement
    expect([agents, extra, lines]).to.deep.equal([['planner'], { dht: 1 }, ['error plugin "bad" failed in assembleAnnouncement']])
  })

  it('goes without the plugins when what they add cannot be signed, and says so', () => {
    const { announcer, hooks, lines } = makeAnnouncer()
    hooks.assembleAnnouncement.tap('bad', (announcement) => ({ ...announcement, extra: { bad: () => {} } }))
    expect([announcer.current().announcement.extra, lines]).to.deep.equal([{}, ['error a plugin spoiled the announcement: it goes out without what plugins add']])
  })

  it('tells listeners from its start on, of each refresh and of a renewal every half hour, until it stops', async () => {
    const { announcer, clock, heard, unsubscribe } = makeAnnouncer()
    announcer.refresh()
    expect([heard, clock.delays]).to.deep.equal([[], []])
    announcer.start()
    announcer.refresh()
    await clock.advance(hour / 2 - 1)
    expect([heard.length, clock.delays]).to.deep.equal([2, [1]])
    await clock.advance(1)
    unsubscribe()
    announcer.refresh()
    announcer.stop()
    expect([heard.length, clock.delays]).to.deep.equal([3, []])
  })

  it('says goodbye with an announcement that ends where it begins, without addresses, after all before it, signed', async () => {
    const { announcer, clock, hooks } = makeAnnouncer()
    hooks.assembleAnnouncement.tap('http', (announcement) => ({ ...announcement, addresses: [{ host: '192.0.2.1', port: 1 }] }))
    announcer.refresh()
    const { announcement: last } = announcer.current()
    const farewells = [announcer.farewell()]
    clock.setNow(clock.now() - 5_000)
    farewells.push(announcer.farewell())
    clock.setNow(clock.now() + 60_000)
    farewells.push(announcer.farewell())
    const start = last.issuedAt
    const [soon, back, later] = [[last.seq + 1, start], [last.seq + 1, start - 5_000], [start + 55_000, start + 55_000]].map(([seq, at]) => ({ ...last, seq, issuedAt: at, expiresAt: at, addresses: [] }))
    expect(farewells.map(({ bytes }) => openAnnouncement(bytes, 'mesh').announcement)).to.deep.equal([soon, back, later])
    expect(farewells.map(({ announcement }) => announcement)).to.deep.equal([soon, back, later])
  })

  it('tells no listener of its farewell, and announces itself later in the place of it', async () => {
    const { announcer, clock, heard } = makeAnnouncer()
    announcer.start()
    await clock.advance(10)
    const { announcement: { seq } } = announcer.farewell()
    const count = heard.length
    await clock.advance(1)
    const after = makeAnnouncer(clock).announcer.current().announcement
    expect([count, after.seq > seq, after.expiresAt > after.issuedAt]).to.deep.equal([1, true, true])
    announcer.stop()
  })
})
