import { expect } from 'chai'
import { VirtualClock } from '@akshi/testkit'
import { LinkAgenda } from '../../../packages/core/src/sync/link-agenda.ts'

const intervalMs = 10_000

function make () {
  const clock = new VirtualClock()
  const agenda = new LinkAgenda(clock, intervalMs)
  return { clock, agenda, due: () => [agenda.isDigestDue, agenda.isTellDue, agenda.isFetchDue] }
}

/** An agenda on which both ends were compared just now. */
function compared () {
  const made = make()
  made.agenda.comparing()
  made.agenda.compared()
  return made
}

describe('LinkAgenda', () => {
  it('begins with a comparison, and pushes news', () => {
    const { agenda, due } = make()
    expect([due(), agenda.eager]).to.deep.equal([[true, false, false], true])
  })

  it('asks for the next comparison an interval after the last was done', async () => {
    const { clock, agenda, due } = compared()
    expect([due(), agenda.nextAt]).to.deep.equal([[false, false, false], intervalMs])
    await clock.advance(intervalMs - 1)
    expect(due()).to.deep.equal([false, false, false])
    await clock.advance(1)
    expect(due()).to.deep.equal([true, false, false])
    agenda.comparing()
    await clock.advance(50)
    agenda.compared()
    expect([due(), agenda.nextAt]).to.deep.equal([[false, false, false], 2 * intervalMs + 50])
  })

  it('asks for a comparison that was begun and not done at its interval, and for one asked for at once', async () => {
    const { clock, agenda } = compared()
    agenda.ask()
    const asked = agenda.isDigestDue
    agenda.comparing()
    const comparing = agenda.isDigestDue
    await clock.advance(intervalMs)
    expect([asked, comparing, agenda.isDigestDue]).to.deep.equal([true, false, true])
  })

  it('keeps what becomes due while both are compared', () => {
    const { agenda, due } = make()
    agenda.tell()
    agenda.comparing()
    expect(due()).to.deep.equal([false, false, false])
    agenda.tell()
    agenda.ask()
    agenda.compared()
    expect(due()).to.deep.equal([true, true, false])
  })

  it('has telling due until it begins', () => {
    const { agenda } = compared()
    agenda.tell()
    const due = agenda.isTellDue
    agenda.telling()
    expect([due, agenda.isTellDue]).to.deep.equal([true, false])
  })

  it('has a fetch due 300 ms after the first telling, until it begins', async () => {
    const { clock, agenda, due } = compared()
    agenda.expect()
    expect(agenda.nextAt).to.equal(300)
    await clock.advance(200)
    agenda.expect()
    await clock.advance(99)
    expect(due()).to.deep.equal([false, false, false])
    await clock.advance(1)
    expect(due()).to.deep.equal([false, false, true])
    agenda.fetching()
    expect([due(), agenda.nextAt]).to.deep.equal([[false, false, false], intervalMs])
  })

  it('compares at no interval where nothing is pushed, but when asked', async () => {
    const { clock, agenda } = compared()
    agenda.eager = false
    await clock.advance(100 * intervalMs)
    expect([agenda.isDigestDue, agenda.nextAt]).to.deep.equal([false, Infinity])
    agenda.ask()
    expect(agenda.isDigestDue).to.equal(true)
  })

  it('compares when it begins to push, and not when it did so already', () => {
    const { agenda } = compared()
    agenda.eager = true
    const stayed = agenda.isDigestDue
    agenda.eager = false
    const ended = agenda.isDigestDue
    agenda.eager = true
    expect([stayed, ended, agenda.isDigestDue]).to.deep.equal([false, false, true])
  })

  it('pushes while it is grafted or told to, whichever ends first', () => {
    const { agenda } = compared()
    const eager: boolean[] = []
    for (const step of [() => { agenda.eager = false }, () => agenda.graft(), () => agenda.prune(), () => agenda.graft(), () => { agenda.eager = true }, () => agenda.prune(), () => { agenda.eager = false }]) {
      step()
      eager.push(agenda.eager)
    }
    expect(eager).to.deep.equal([false, true, false, true, true, true, false])
  })
})
