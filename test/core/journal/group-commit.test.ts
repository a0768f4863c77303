import { expect } from 'chai'
import { settle, VirtualClock } from '@akshi/testkit'
import { GroupCommit } from '../../../packages/core/src/journal/group-commit.ts'

/** A writer whose groups end when the test says so. */
function makeWriter (fit: (items: readonly string[]) => number = ({ length }) => length) {
  const clock = new VirtualClock()
  const groups: (readonly string[])[] = []
  const ends: ((error?: Error) => void)[] = []
  const startedAt: number[] = []
  const write = (items: readonly string[]) => new Promise<string[]>((resolve, reject) => {
    groups.push(items)
    startedAt.push(clock.monotonic())
    ends.push((error) => error === undefined ? resolve(items.map((item) => `${item}!`)) : reject(error))
  })
  const results: string[] = []
  const commit = new GroupCommit<string, string>(clock, write, fit)
  const add = (...items: string[]) => {
    for (const item of items) commit.add(item).then((result) => results.push(result), (error: Error) => results.push(`${item}: ${error.message}`))
  }
  const end = async (error?: Error) => {
    ends.shift()?.(error)
    await settle()
  }
  return { clock, groups, startedAt, results, add, end }
}

describe('GroupCommit', () => {
  it('writes what comes first at once, and what comes meanwhile together, in order', async () => {
    const { groups, results, add, end } = makeWriter()
    add('a')
    expect(groups).to.deep.equal([['a']])
    add('b', 'c', 'd')
    await settle()
    expect([groups, results]).to.deep.equal([[['a']], []])
    await end()
    expect([groups, results]).to.deep.equal([[['a'], ['b', 'c', 'd']], ['a!']])
    await end()
    expect(results).to.deep.equal(['a!', 'b!', 'c!', 'd!'])
  })

  it('writes at once again when nothing is going on', async () => {
    const { clock, groups, add, end } = makeWriter()
    add('a')
    await end()
    add('b')
    expect([groups, clock.delays]).to.deep.equal([[['a'], ['b']], []])
  })

  it('starts groups 10 ms apart under load', async () => {
    const { clock, startedAt, groups, add, end } = makeWriter()
    add('a')
    add('b', 'c')
    await end()
    await clock.advance(3)
    add('d')
    await end()
    expect(groups.length).to.equal(2)
    await clock.advance(6)
    add('e')
    expect(groups.length).to.equal(2)
    await clock.advance(1)
    expect([groups, startedAt]).to.deep.equal([[['a'], ['b', 'c'], ['d', 'e']], [0, 0, 10]])
  })

  it('does not wait when the group itself took longer', async () => {
    const { clock, groups, add, end } = makeWriter()
    add('a')
    add('b', 'c')
    await end()
    await clock.advance(11)
    add('d')
    await end()
    expect(groups.length).to.equal(3)
  })

  it('rejects the items of a failed group and no others', async () => {
    const { results, add, end } = makeWriter()
    add('a')
    add('b', 'c')
    await end()
    add('d')
    await end(new Error('full'))
    add('e')
    expect(results).to.deep.equal(['a!', 'b: full', 'c: full'])
  })

  it('goes on after a failure', async () => {
    const { results, add, end } = makeWriter()
    add('a')
    add('b')
    await end(new Error('full'))
    await end()
    add('c')
    await end()
    expect(results).to.deep.equal(['a: full', 'b!', 'c!'])
  })

  it('takes only as many as fit, and the rest next', async () => {
    const { clock, groups, add, end } = makeWriter((items) => Math.min(2, items.length))
    add('a', 'b', 'c', 'd')
    for (let group = 0; group < 3; group++) {
      await end()
      await clock.advance(10)
    }
    expect(groups).to.deep.equal([['a'], ['b', 'c'], ['d']])
  })
})
