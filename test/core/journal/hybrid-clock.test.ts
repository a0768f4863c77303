import { expect } from 'chai'
import fc from 'fast-check'
import { seededRandom, VirtualClock } from '@akshi/testkit'
import { HybridClock, isEntryId, readEntryId } from '../../../packages/core/src/journal/hybrid-clock.ts'

const start = Date.UTC(2025, 0, 1)

function makeClock (millis = start, seed = 1) {
  const wall = new VirtualClock()
  wall.setNow(millis)
  return { wall, hybrid: new HybridClock(wall, seededRandom(seed)) }
}

/** An id of this time, made by another clock. */
const idAt = (millis: number, seed = 2) => makeClock(millis, seed).hybrid.next()

describe('HybridClock', () => {
  it('stamps with the wall clock, readably', () => {
    const { hybrid } = makeClock()
    expect([readEntryId(hybrid.next()), readEntryId(hybrid.next())]).to.deep.equal([{ millis: start, counter: 0 }, { millis: start, counter: 1 }])
  })

  it('takes a wall clock with fractions of a millisecond', () => {
    expect(readEntryId(makeClock(start + 0.75).hybrid.next()).millis).to.equal(start)
  })

  it('makes ids that rise as text, whatever the wall clock does and whatever it sees', () => {
    const step = fc.oneof(
      fc.record({ setNow: fc.integer({ min: -100_000, max: 100_000 }) }), fc.record({ see: fc.integer({ min: -200_000, max: 200_000 }) }), fc.constant({ next: true }))
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { wall, hybrid } = makeClock()
      let last = ''
      for (const move of steps) {
        if ('setNow' in move) wall.setNow(start + move.setNow)
        else if ('see' in move) hybrid.see(idAt(start + move.see))
        const id = hybrid.next()
        expect([isEntryId(id), id > last]).to.deep.equal([true, true])
        last = id
      }
    }))
  })

  it('stamps after what it saw of a clock that is up to a minute ahead', () => {
    for (const aheadMs of [-5_000, 0, 1, 60_000]) {
      const { hybrid } = makeClock()
      const seen = idAt(start + aheadMs)
      hybrid.see(seen)
      expect(hybrid.next() > seen, `${aheadMs} ms`).to.equal(true)
    }
  })

  it('stamps after what it saw within the same millisecond', () => {
    const other = makeClock(start, 2).hybrid
    const seen = Array.from({ length: 5 }, () => other.next()).at(-1) as string
    const { hybrid } = makeClock()
    hybrid.next()
    hybrid.see(seen)
    expect(readEntryId(hybrid.next())).to.deep.equal({ millis: start, counter: 5 })
  })

  it('does not follow a clock that is more than a minute ahead', () => {
    const { hybrid } = makeClock()
    hybrid.see(idAt(start + 60_001))
    expect(readEntryId(hybrid.next())).to.deep.equal({ millis: start, counter: 0 })
  })

  it('goes on with the counter when the wall clock goes back, and with the wall clock once that is ahead again', () => {
    const { wall, hybrid } = makeClock()
    hybrid.next()
    wall.setNow(start - 3_600_000)
    const back = readEntryId(hybrid.next())
    wall.setNow(start + 1)
    expect([back, readEntryId(hybrid.next())]).to.deep.equal([{ millis: start, counter: 1 }, { millis: start + 1, counter: 0 }])
  })

  it('borrows a millisecond when the counter is full', () => {
    const { hybrid } = makeClock()
    let last = hybrid.next()
    for (let made = 1; made < 65_536; made++) last = hybrid.next()
    const next = hybrid.next()
    expect([readEntryId(last), readEntryId(next), next > last]).to.deep.equal([{ millis: start, counter: 65_535 }, { millis: start + 1, counter: 0 }, true])
  })

  it('makes other ids than another clock at the same time', () => {
    expect(idAt(start, 1).slice(13)).to.not.equal(idAt(start, 2).slice(13))
  })
})

describe('isEntryId', () => {
  it('takes what clocks make and nothing else', () => {
    const id = idAt(start)
    const others = [id.toLowerCase(), id.slice(1), `${id}0`, `8${id.slice(1)}`, `${id.slice(1)}U`, `${id}\n`, '', 7, undefined]
    expect([isEntryId(id), ...others.map(isEntryId)]).to.deep.equal([true, ...others.map(() => false)])
  })
})
