import { seededRandom, settle, VirtualClock } from '@akshi/testkit'
import { expect } from 'chai'
import { EventLog } from '../../packages/core/src/event-log.ts'
import type { MeshEvent } from '../../packages/core/src/mesh-event.ts'

function makeLog (seed = 1) {
  const clock = new VirtualClock()
  const log = new EventLog(clock, seededRandom(seed))
  const note = (message: string) => log.add('notice', { code: 'MESH_DISK_FAILED', message, count: 1 })
  return { clock, log, note }
}

/** Collects events until it is stopped. */
function listen (log: EventLog, after?: string) {
  const stop = new AbortController()
  const events: MeshEvent[] = []
  const done = (async () => {
    for await (const event of log.follow(after, stop.signal)) events.push(event)
  })()
  return { events, said: () => events.map(({ type, data }) => type === 'notice' ? data.message : type === 'journal' ? data.entries : type), stop: () => { stop.abort(); return done } }
}

const journal = (entries: number, name = 'notes') => ({ name, entries, heads: [] })

describe('EventLog', () => {
  it('gives each listener what happens from then on, in order, until it stops', async () => {
    const { log, note } = makeLog()
    note('before')
    const [one, two] = [listen(log), listen(log)]
    for (const message of ['a', 'b']) note(message)
    await settle()
    await two.stop()
    note('c')
    await settle()
    await one.stop()
    expect([one.said(), two.said()]).to.deep.equal([['a', 'b', 'c'], ['a', 'b']])
  })

  it('goes on after the event that a listener got last', async () => {
    const { log, note } = makeLog()
    const first = listen(log)
    for (const message of ['a', 'b']) note(message)
    await settle()
    await first.stop()
    note('c')
    const [second, third] = [listen(log, first.events[0]?.id), listen(log, first.events[1]?.id)]
    note('d')
    await settle()
    for (const listener of [second, third]) await listener.stop()
    expect([second.said(), third.said()]).to.deep.equal([['b', 'c', 'd'], ['c', 'd']])
  })

  it('says to look at everything anew when events were missed, or the id is none of this life', async () => {
    const { log, note } = makeLog()
    const other = listen(makeLog(2).log)
    const early = listen(log)
    note('first')
    await settle()
    await early.stop()
    for (let i = 0; i < 1_001; i++) note(`${i}`)
    const late = [early.events[0]?.id, 'ffffffff-3', 'nonsense', `${early.events[0]?.id}9999`].map((id) => listen(log, id))
    note('next')
    await settle()
    for (const listener of [other, ...late]) await listener.stop()
    for (const listener of late) expect(listener.said()).to.deep.equal(['start', 'next'])
    const again = listen(log, late[0]?.events[0]?.id)
    await settle()
    await again.stop()
    expect(again.said()).to.deep.equal(['next'])
  })

  it('says so to a listener that reads more slowly than things happen', async () => {
    const { log, note } = makeLog()
    const stop = new AbortController()
    const events = log.follow(undefined, stop.signal)
    const first = events.next()
    note('first')
    expect((await first).value?.type).to.equal('notice')
    for (let i = 0; i < 1_001; i++) note(`${i}`)
    expect((await events.next()).value?.type).to.equal('start')
    stop.abort()
    await events.return(undefined)
  })

  it('tells of a journal that grows at once, and then at most every 100 ms, with what it is then', async () => {
    const { clock, log } = makeLog()
    const listener = listen(log)
    for (const entries of [1, 2, 3]) log.grew('notes', () => journal(entries))
    log.grew('other', () => journal(7, 'other'))
    await settle()
    expect(listener.said()).to.deep.equal([1, 7])
    await clock.advance(100)
    log.grew('notes', () => journal(4))
    await clock.advance(99)
    expect(listener.said()).to.deep.equal([1, 7, 3])
    await clock.advance(1)
    expect(listener.said()).to.deep.equal([1, 7, 3, 4])
    await clock.advance(1_000)
    expect(clock.delays).to.deep.equal([])
    log.grew('notes', () => journal(5))
    log.close()
    expect(clock.delays).to.deep.equal([])
    await listener.stop()
  })
})
