import { expect } from 'chai'
import fc from 'fast-check'
import { beginSegment } from './fork-stories.ts'
import { carry, ForgetfulCache, Home, meet, read, reopened, viewOf } from './support.ts'

const isSoak = process.env.SOAK === '1'
const maxHomes = 4
/** Paths that lives may make at most: with 16, a feed takes no more. */
const maxRisks = 10

type Action =
  | { readonly do: 'append', readonly home: number, readonly count: number }
  | { readonly do: 'reopen', readonly home: number, readonly end: 'close' | 'kill' | 'power' }
  | { readonly do: 'begin segment' | 'back up' | 'restore' | 'clone', readonly home: number }
  | { readonly do: 'damage', readonly home: number, readonly file: number, readonly byte: number }
  | { readonly do: 'carry', readonly home: number, readonly to: number, readonly maxEnvelopes: number, readonly newestFirst: boolean, readonly limit: number }

const home = fc.nat({ max: maxHomes - 1 })
const actions: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('append'), home, count: fc.constantFrom(1, 2, 3) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('begin segment'), home }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reopen'), home, end: fc.constantFrom('close', 'kill', 'power') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('back up', 'restore', 'clone'), home }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('damage'), home, file: fc.nat(), byte: fc.nat() }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('carry'), home, to: home, maxEnvelopes: fc.constantFrom(0, 3, 1000), newestFirst: fc.boolean(), limit: fc.constantFrom(1, 3, 100) }) }
) as fc.Arbitrary<Action>

/** Homes of one origin, all of which write. */
class Lives {
  homes: Home[] = []
  #backups = new Map<number, Home['disk']>()
  #risks = 0

  async do (action: Action): Promise<void> {
    const at = action.home % this.homes.length
    const home = this.homes[at] as Home
    const before = await read(home)
    if (action.do === 'append') await home.append(action.count)
    else if (action.do === 'begin segment') await beginSegment(home)
    else if (action.do === 'reopen') this.homes[at] = await reopened(home, action.end, { cache: new ForgetfulCache() })
    else if (action.do === 'carry') await this.#carry(home, action)
    else if (action.do === 'back up') this.#backups.set(at, home.disk.afterKill())
    else return await this.#risk(at, home, action)
    const left = new Set(await read(this.homes[at] as Home))
    expect(before.filter((number) => !left.has(number)), `lost by ${action.do}`).to.deep.equal([])
  }

  async #carry (from: Home, { to, limit, maxEnvelopes, newestFirst }: Action & { do: 'carry' }): Promise<void> {
    const other = this.homes[to % this.homes.length] as Home
    if (other !== from) await carry(from, other, { maxEnvelopes, newestFirst, through: (items) => items.slice(0, limit) })
  }

  /** What makes a path, or loses what only this home has. */
  async #risk (at: number, home: Home, action: Action): Promise<void> {
    if (++this.#risks > maxRisks) return
    if (action.do === 'clone' && this.homes.length < maxHomes) this.homes.push(await Home.open({ disk: home.disk.afterKill() }))
    const disk = action.do === 'restore' ? this.#backups.get(at)?.afterKill() : action.do === 'damage' ? home.disk.afterKill() : undefined
    if (disk === undefined) return
    home.abandon()
    if (action.do === 'damage') {
      const files = disk.paths().filter((path) => /\.(log|snap|index)$/.test(path))
      const path = files[action.file % files.length] as string
      disk.flip(path, 10 + action.byte % Math.max(1, disk.contentOf(path).length - 10), action.byte % 8)
    }
    this.homes[at] = await Home.open({ disk })
  }
}

describe('LogFeed: any lives of one origin', function () {
  this.timeout(isSoak ? 3_600_000 : 120_000)

  it('end, once all have met, with every entry that some disk still had, once and in one order', async () => {
    await fc.assert(fc.asyncProperty(fc.array(actions, { minLength: 5, maxLength: 40 }), async (plan) => {
      const lives = new Lives()
      lives.homes = [await Home.open(), await Home.open({ cache: new ForgetfulCache() })]
      for (const action of plan) await lives.do(action)
      const had = new Set<unknown>()
      for (const each of lives.homes) for (const number of await read(each)) had.add(number)
      await meet(lives.homes)
      for (const each of lives.homes) await read(each)                     // finds what damage was not found yet
      await meet(lives.homes, { maxEnvelopes: 0 })
      const views = []
      for (const each of lives.homes) views.push(await viewOf(each) as { entries: number[], count: number })
      for (const view of views) expect({ ...view, count: 0 }).to.deep.equal({ ...views[0], count: 0 })
      const entries = new Set(views[0]?.entries)
      expect([entries.size, [...had].filter((number) => !entries.has(number as number))]).to.deep.equal([views[0]?.entries.length, []])
      for (const each of lives.homes) if (each.feed.detached.length === 0) expect(each.feed.count).to.equal(entries.size)
      for (const each of lives.homes) await each.close()
    }), { numRuns: isSoak ? 10_000 : 200, seed: Number(process.env.SEED ?? 1) })
  })
})
