import { expect } from 'chai'
import type { FaultyDisk } from '@akshi/testkit'
import { forkStories, livesAfter } from './fork-stories.ts'
import { Home, meet, ordersOf, read, reopened, settled, viewOf } from './support.ts'

const harms: Record<string, (disk: FaultyDisk, path: string) => unknown> = {
  gone: (disk, path) => disk.remove(path),
  cut: (disk, path) => disk.truncate(path, 60),
  flipped: (disk, path) => disk.flip(path, 100, 3)
}

const isSoak = process.env.SOAK === '1'

describe('LogFeed: damage to a feed that forked', function () {
  this.timeout(isSoak ? 3_600_000 : 60_000)
  for (const name of Object.keys(forkStories)) {
    it(`neither loses nor doubles what paths share, whichever file is harmed, when ${name}`, async () => {
      const { homes } = await livesAfter(name)
      const healthy = await Home.open()
      await meet([healthy, ...homes])
      await settled(healthy)
      const view = await viewOf(healthy)
      for (const [at, order] of ordersOf(homes).slice(0, isSoak ? Infinity : 3).entries()) {
        const sound = await Home.open()
        for (const other of order) await meet([sound, { feed: other.feed }])
        await settled(sound)
        for (const path of sound.disk.paths().filter((each) => /\.(log|snap|index)$/.test(each))) {
          for (const [how, harm] of Object.entries(harms)) {
            const disk = sound.disk.afterKill()
            await harm(disk, path)
            await using home = await Home.open({ disk })
            const here = await read(home)
            expect([new Set(here).size, home.feed.count >= here.length], `order ${at}, ${path} ${how}: twice`).to.deep.equal([here.length, true])
            await meet([healthy, home], { maxEnvelopes: at % 2 === 0 ? 0 : 1000 })
            expect(await viewOf(home), `order ${at}, ${path} ${how}`).to.deep.equal(view)
            await using again = await reopened(await reopened(home, 'kill'), 'kill')
            expect([await viewOf(again), again.damages], `order ${at}, ${path} ${how}, reopened`).to.deep.equal([view, []])
          }
        }
      }
    })
  }
})
