import { expect } from 'chai'
import { KnownServices } from '../../packages/plugin-mdns/src/known-services.ts'
import { pointTo } from '../../packages/plugin-mdns/src/records.ts'
import { FakeClock } from './fake-clock.ts'

describe('KnownServices', () => {
  it('answers with the time that remains, until half of it is over', async () => {
    const clock = new FakeClock()
    const known = new KnownServices(clock)
    known.note('alpha', 120)
    await clock.advance(20_500)
    expect(known.answers()).to.deep.equal([pointTo('alpha', 99)])
    await clock.advance(39_500)
    expect(known.answers()).to.deep.equal([])
  })

  it('counts a service anew when it is heard again, whatever its case', async () => {
    const clock = new FakeClock()
    const known = new KnownServices(clock)
    known.note('alpha', 120)
    await clock.advance(50_000)
    known.note('Alpha', 120)
    expect(known.answers()).to.deep.equal([pointTo('Alpha', 120)])
  })

  it('forgets at once what said goodbye', () => {
    const known = new KnownServices(new FakeClock())
    known.note('alpha', 120)
    known.note('ALPHA', 0)
    expect(known.answers()).to.deep.equal([])
  })

  it('holds 256 services and drops the oldest', () => {
    const known = new KnownServices(new FakeClock())
    for (let i = 0; i < 10_000; i++) known.note(`n${i}`, 120)
    expect({ size: known.size, answers: known.answers().map(({ data }) => data) }).to.deep.equal({
      size: 256,
      answers: Array.from({ length: 10 }, (_, i) => pointTo(`n${9990 + i}`).data)
    })
  })

  it('drops what has expired, and all of it after two minutes', async () => {
    const clock = new FakeClock()
    const known = new KnownServices(clock)
    known.note('alpha', 30)
    known.note('beta', 4_000_000_000)
    await clock.advance(30_000)
    expect({ answers: known.answers(), size: known.size }).to.deep.equal({ answers: [pointTo('beta', 90)], size: 1 })
    await clock.advance(90_000)
    expect({ answers: known.answers(), size: known.size }).to.deep.equal({ answers: [], size: 0 })
  })
})
