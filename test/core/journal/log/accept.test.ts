import { expect } from 'chai'
import { SegmentCache } from '../../../../packages/core/src/journal/log/segment-cache.ts'
import { carry, cloneOf, ForgetfulCache, Home, itemsFor, meet, numbersOf, read, reopened, viewOf } from './support.ts'

describe('LogFeed: accept', () => {
  it('is the same feed wherever its items are taken, one by one or together, and after it was reopened', async () => {
    const home = await Home.open()
    for (let i = 0; i < 5; i++) await home.append(900)
    const items = await itemsFor(home, { have: [] })
    for (const size of [1, 2, items.length]) {
      const reader = await Home.open({ cache: size === 1 ? new ForgetfulCache() : new SegmentCache(size) })
      for (let from = 0; from < items.length; from += size) await carry(home, reader, { through: (rest) => rest.slice(0, size) })
      expect(await viewOf(reader)).to.deep.equal(await viewOf(home))
      await using after = await reopened(reader)
      expect(await viewOf(after)).to.deep.equal(await viewOf(home))
    }
  })

  it('is not disturbed by what is read, served and appended at the same time, however little is kept in memory', async function () {
    this.timeout(60_000)
    const home = await Home.open({ cache: new ForgetfulCache() })
    for (let i = 0; i < 4; i++) await home.append(1000)
    const clones = [await cloneOf(home), await cloneOf(home)]
    for (const clone of clones) for (let i = 0; i < 12; i++) await clone.append(i === 6 ? 90 : 1)
    const written: number[] = []
    const append = async () => { for (let i = 0; i < 12; i++) written.push(...numbersOf(await home.append(i === 4 ? 80 : 1))) }
    const fetch = async (clone: Home) => { for (let i = 0; i < 15; i++) await carry(clone, home, { through: (items) => items.slice(0, 3), maxEnvelopes: i % 3 === 0 ? 0 : 1000 }) }
    const peer = await Home.open({ cache: new ForgetfulCache() })
    const serve = async () => { for (let i = 0; i < 8; i++) await carry(home, peer, { maxEnvelopes: i % 2 === 0 ? 0 : 1000 }) }
    const look = async () => { for (let i = 0; i < 15; i++) await read(home) }
    await Promise.all([append(), ...clones.map(fetch), serve(), look()])
    await meet([home, peer, ...clones])
    const entries = await read(home)
    expect([written.filter((number) => !entries.includes(number)), entries.length, home.damages]).to.deep.equal([[], 4000 + 91 + 2 * 101, []])
    const fresh = await Home.open()
    for (const from of [peer, home]) await carry(from, fresh)
    for (const each of [peer, fresh, ...clones, await reopened(home, 'kill')]) expect(await viewOf(each)).to.deep.equal(await viewOf(home))
  })
})
