import { expect } from 'chai'
import fc from 'fast-check'
import { TimerQueue } from '../../packages/testkit/src/timer-queue.ts'

const nothing = () => {}

/** What is due by then, in the order in which it is given. */
function drain (queue: TimerQueue, until = Infinity): number[] {
  const times: number[] = []
  for (let due = queue.take(until); due !== undefined; due = queue.take(until)) times.push(due.at)
  return times
}

describe('TimerQueue', () => {
  it('gives what is due soonest first, and nothing before its time', () => {
    const queue = new TimerQueue()
    for (const at of [30, 10, 20]) queue.add({ at, run: nothing })
    expect([queue.take(9), drain(queue, 20), queue.take(29.9), drain(queue, 30), queue.take(Infinity)]).to.deep.equal([undefined, [10, 20], undefined, [30], undefined])
  })

  it('gives of what is due at the same time the first that was added first', () => {
    const queue = new TimerQueue()
    const ran: number[] = []
    for (let number = 0; number < 100; number++) queue.add({ at: number % 2, run: () => ran.push(number) })
    for (let due = queue.take(1); due !== undefined; due = queue.take(1)) due.run()
    expect(ran).to.deep.equal([...Array(100).keys()].sort((a, b) => a % 2 - b % 2 || a - b))
  })

  it('lists what waits, soonest first, and gives nothing that was taken back', () => {
    const queue = new TimerQueue()
    const [first, , third] = [5, 6, 7, 8].map((at) => queue.add({ at, run: nothing }))
    first?.()
    third?.()
    expect([queue.times, queue.take(5), drain(queue), queue.times]).to.deep.equal([[6, 8], undefined, [6, 8], []])
  })

  it('forgets without harm to take back what was given already', () => {
    const queue = new TimerQueue()
    const takeBack = queue.add({ at: 1, run: nothing })
    queue.add({ at: 1, run: nothing })
    queue.take(1)
    takeBack()
    expect(queue.times).to.deep.equal([1])
  })

  it('does as a sorted list does, whatever is added, taken and taken back', () => {
    const step = fc.oneof(fc.record({ add: fc.nat(20) }), fc.record({ take: fc.nat(20) }), fc.record({ back: fc.nat(50) }))
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new TimerQueue()
      const model: { at: number, number: number }[] = []
      const backs: (() => void)[] = []
      for (const each of steps) {
        if ('add' in each) {
          const number = backs.length
          model.push({ at: each.add, number })
          backs.push(queue.add({ at: each.add, run: () => { model.splice(model.findIndex((due) => due.number === number), 1) } }))
        } else if ('back' in each) {
          backs[each.back]?.()
          model.splice(0, Infinity, ...model.filter(({ number }) => number !== each.back))
        } else {
          const [next] = model.toSorted((a, b) => a.at - b.at || a.number - b.number)
          const due = queue.take(each.take)
          expect(due?.at).to.equal(next !== undefined && next.at <= each.take ? next.at : undefined)
          due?.run()
          if (due !== undefined) expect(model.includes(next as never)).to.equal(false)
        }
        expect(queue.times).to.deep.equal(model.map(({ at }) => at).sort((a, b) => a - b))
      }
    }), { numRuns: 300 })
  })
})
