import { expect } from 'chai'
import { forkStories, livesAfter } from './fork-stories.ts'
import { carry, cloneOf, hex, Home, meet, ordersOf, read, reopened, settled, viewOf, type Carriage } from './support.ts'

const ways: Record<string, Carriage> = {
  envelopes: {},
  snapshots: { maxEnvelopes: 0 },
  'snapshots, the newest first': { maxEnvelopes: 0, newestFirst: true }
}

describe('LogFeed: forks', function () {
  this.timeout(60_000)
  for (const [story, tell] of Object.entries(forkStories)) {
    for (const [way, options] of Object.entries(ways)) {
      it(`has the entries of all lives everywhere, in any order of arrival, when ${story} (by ${way})`, async () => {
        const { homes, entries, paths } = await tell()
        const alone = await Promise.all(homes.map(cloneOf))
        const views: unknown[] = []
        for (const order of ordersOf(homes)) {
          await using reader = await Home.open()
          for (let round = 0; round < 3; round++) for (const home of order) await carry(home, reader, options)
          views.push(await viewOf(reader))
          expect([reader.feed.count, new Set(await read(reader)).size, reader.feed.state.tips.length, reader.feed.detached.length]).to.deep.equal([entries, entries, paths, 0])
          expect([reader.forks.length, reader.damages]).to.deep.equal([paths - 1, []])
          await using after = await reopened(reader)
          views.push(await viewOf(after))
          expect(after.forks).to.deep.equal([])
        }
        await meet(homes, options)
        for (const [at, first] of [undefined, ...homes].entries()) {
          await using late = await Home.open()
          if (first !== undefined) await carry(alone[at - 1] as Home, late, options)
          for (let round = 0; round < 3; round++) await carry(homes[0] as Home, late, options)
          views.push(await viewOf(late))
        }
        for (const home of homes) {
          views.push(await viewOf(home))
          await settled(home)
          await using after = await reopened(home)
          views.push(await viewOf(after))
        }
        for (const view of views) expect(view).to.deep.equal(views[0])
      })
    }
  }

  it('reports a fork with the ids of the two envelopes, whichever came first', async () => {
    for (const story of ['an old backup was restored', 'a disk was lost', 'a segment was full', 'one life closed a segment where the other went on in it']) {
      const { homes } = await livesAfter(story)
      const [one, two] = homes as [Home, Home]
      const reports: unknown[] = []
      for (const [first, second] of [[one, two], [two, one]] as const) {
        await using reader = await Home.open()
        await carry(first, reader)
        await carry(second, reader)
        const [fork] = reader.forks
        reports.push({ count: reader.forks.length, seq: fork?.seq, feed: fork?.feed, ids: [...fork?.ids ?? []].sort() })
      }
      const seq = (reports[0] as { seq: number }).seq
      const idAt = ({ feed }: Home) => feed.tree.all.flatMap((segment) => segment.idAt(seq) ?? []).map(hex)
      const ids = [...idAt(one), ...idAt(two)].sort()
      expect(reports).to.deep.equal(new Array(2).fill({ count: 1, seq, feed: one.feed.id, ids }))
    }
  })

  it('is fetched in turns of 200 items, though what is shared is many envelopes that one side does not keep any more', async () => {
    const home = await Home.open()
    for (let i = 0; i < 300; i++) await home.append()
    const clone = await cloneOf(home)
    await clone.append(3)
    for (let i = 0; i < 3; i++) await home.fill()
    await settled(home)
    await using reader = await Home.open()
    await carry(home, reader, { maxEnvelopes: 0 })
    for (let turn = 0; turn < 2; turn++) await carry(clone, reader, { maxEnvelopes: 1000, through: (items) => items.slice(0, 200) })
    expect([reader.feed.count, reader.feed.state.tips.length]).to.deep.equal([3 * 4096 + 3, 2])
  })

  it('takes 16 paths, and refuses the next with the reason', async () => {
    const home = await Home.open()
    await home.append()
    const clones = await Promise.all(Array.from({ length: 17 }, () => cloneOf(home)))
    await using reader = await Home.open()
    for (const [at, clone] of clones.entries()) {
      await clone.append()
      const verdicts = await carry(clone, reader, at % 2 === 0 ? {} : { maxEnvelopes: 0, newestFirst: true })
      expect(verdicts.at(-1)?.status).to.equal(at < 16 ? 'stored' : 'refused')
      if (at === 16) expect(verdicts.at(-1)?.reason).to.match(/16 paths already.*quarantined/)
    }
    expect([reader.feed.count, reader.feed.state.tips.length, reader.forks.length]).to.deep.equal([17, 16, 15])
    await clones[0]?.append()
    expect((await carry(clones[0] as Home, reader)).map(({ status }) => status)).to.deep.equal(['stored'])
  })
})
