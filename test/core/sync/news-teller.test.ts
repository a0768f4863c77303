import { expect } from 'chai'
import { VirtualClock } from '@akshi/testkit'
import { NewsTeller, type ToldLink } from '../../../packages/core/src/sync/news-teller.ts'

/** A link whose other end lacks all news, or none: which shows when it is told. */
class Told implements ToldLink {
  eager = false
  readonly #tell: () => boolean

  constructor (tell: () => boolean) {
    this.#tell = tell
  }

  tell (): void { this.eager = this.#tell() }
}

/** So many links, told of news `few` at a time; `told` is when each was told, and which. */
class Field {
  readonly clock = new VirtualClock()
  readonly told: [at: number, link: number][] = []
  readonly links: readonly Told[]
  /** Those that lack what they are told of. */
  lacking = new Set<number>()
  /** Those that are known to lack nothing. */
  readonly complete = new Set<number>()
  readonly teller: NewsTeller<Told>

  constructor (count: number, few: number) {
    this.links = Array.from({ length: count }, (_, number) => new Told(() => {
      this.told.push([this.clock.monotonic(), number])
      return this.lacking.has(number)
    }))
    this.teller = new NewsTeller(this.clock, few, () => this.links.filter(({ eager }) => !eager), (link) => !this.complete.has(this.links.indexOf(link)))
  }

  /** Who was told in each step of half a second, since the last call. */
  steps (): number[][] {
    const times = new Map<number, number[]>()
    for (const [at, link] of this.told.splice(0)) times.set(at, [...times.get(at) ?? [], link])
    return [...times.values()]
  }
}

describe('NewsTeller', () => {
  it('gives news half a second to get round by itself, and tells a few once if it does', async () => {
    const field = new Field(10, 2)
    field.teller.note()
    await field.clock.advance(499)
    expect(field.told).to.deep.equal([])
    await field.clock.advance(60_000)
    expect([field.told, field.clock.delays]).to.deep.equal([[[500, 0], [500, 1]], []])
  })

  it('tells those first who were not told for longest', async () => {
    const field = new Field(5, 2)
    for (let news = 0; news < 4; news++) {
      field.teller.note()
      await field.clock.advance(5_000)
    }
    expect(field.steps()).to.deep.equal([[0, 1], [2, 3], [4, 0], [1, 2]])
  })

  it('tells twice as many each time while one of them lacked it, until all know, and each once', async () => {
    const field = new Field(20, 2)
    field.lacking = new Set(field.links.keys())
    field.teller.note()
    await field.clock.advance(60_000)
    expect([field.steps().map(({ length }) => length), field.links.every(({ eager }) => eager), field.clock.delays]).to.deep.equal([[2, 4, 8, 6], true, []])
  })

  it('stops when none of those lacked it, and begins with few at the next news', async () => {
    const field = new Field(40, 2)
    field.lacking = new Set([1, 4])
    field.teller.note()
    await field.clock.advance(60_000)
    expect(field.steps().map(({ length }) => length)).to.deep.equal([2, 4, 8])
    field.teller.note()
    await field.clock.advance(60_000)
    expect(field.steps()).to.deep.equal([[14, 15]])
  })

  it('tells nobody who has it already, and nothing when nobody lacks it, and hears of the next news', async () => {
    const field = new Field(5, 2)
    for (const number of [0, 1, 2, 4]) field.complete.add(number)
    field.teller.note()
    await field.clock.advance(5_000)
    expect(field.steps()).to.deep.equal([[3]])
    field.complete.add(3)
    field.teller.note()
    await field.clock.advance(500)
    expect([field.steps(), field.clock.delays]).to.deep.equal([[], []])
    field.complete.delete(2)
    field.teller.note()
    await field.clock.advance(5_000)
    expect(field.steps()).to.deep.equal([[2]])
  })

  it('costs the same each second while there is always news, in a mesh of any size, and tells each in turn', async () => {
    const told = []
    for (const size of [20, 100]) {
      const field = new Field(size, 2)
      for (let news = 0; news < 1_000; news++) {
        field.teller.note()
        await field.clock.advance(10)
      }
      told.push([field.told.length, new Set(field.told.map(([, link]) => link)).size])
    }
    expect(told).to.deep.equal([[40, 20], [40, 40]])
  })

  it('tells of news that came while others were told', async () => {
    const field = new Field(10, 2)
    field.teller.note()
    await field.clock.advance(600)
    field.teller.note()
    await field.clock.advance(60_000)
    expect(field.told).to.deep.equal([[500, 0], [500, 1], [1_000, 2], [1_000, 3]])
  })

  it('tells nobody any more once it is stopped, and leaves no timer', async () => {
    const field = new Field(10, 2)
    field.lacking = new Set(field.links.keys())
    field.teller.note()
    await field.clock.advance(700)
    field.teller.stop()
    expect(field.clock.delays).to.deep.equal([])
    await field.clock.advance(60_000)
    expect(field.steps().map(({ length }) => length)).to.deep.equal([2])
  })
})
