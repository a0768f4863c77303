import { expect } from 'chai'
import { crashes, seededRandom } from '@akshi/testkit'
import { fullScene, play, smallScene, type Outcome, type Scene } from './crash-script.ts'
import { arrivalOf, at as now, Home, meet, newTexts, origin, read, viewOf } from './support.ts'

const isSoak = process.env.SOAK === '1'

/** Expects that nothing acknowledged is lost, that nothing but the clones made paths, and that all is well in the end. */
async function expectWhole ({ clones }: Scene, home: Home, { acknowledged, peer }: Outcome, what: string): Promise<void> {
  const here = new Set(await read(home))
  expect(acknowledged.filter((number) => !here.has(number)), what).to.deep.equal([])
  await home.feed.append(newTexts(1), origin, now)
  await meet([home, peer])
  for (const { items } of clones) await home.feed.accept(items.map(arrivalOf))
  await meet([home, peer])
  expect([home.feed.state.tips.length, home.feed.detached.length], `${what}: paths`).to.deep.equal([1 + clones.length, 0])
  const view = await viewOf(home) as { entries: number[] }
  expect(view, what).to.deep.equal(await viewOf(peer))
  expect(new Set(view.entries).size, what).to.equal(view.entries.length)
}

for (const [name, make, stride] of [['forks that come in', smallScene, 1], ['the border of a segment', fullScene, isSoak ? 1 : 3]] as const) {
  describe(`LogFeed: a disk that fails, at ${name},`, function () {
    this.timeout(isSoak ? 3_600_000 : 120_000)
    let scene: Scene
    let points: number

    before(async () => {
      scene = await make()
      await using home = await Home.open({ disk: scene.disk.afterKill() })
      await expectWhole(scene, home, await play(scene, home), 'no fault')
      points = home.disk.points
    })

    for (const end of ['kill', 'power'] as const) {
      it(`loses nothing that was acknowledged, and makes no fork, wherever the process ends (${end})`, async () => {
        for (let point = 1; point <= points; point++) {
          const disk = scene.disk.afterKill()
          disk.crashAt(point)
          let home: Home | undefined
          if (await crashes(async () => { home = await Home.open({ disk }) })) continue
          const outcome = await play(scene, home as Home)
          home?.abandon()
          const random = seededRandom(point)
          const found = end === 'kill' ? disk.afterKill() : disk.afterCrash({ random })
          found.crashAt(1 + Math.floor(random.uniform() * 12))             // and once more, while it starts
          await crashes(async () => { (await Home.open({ disk: found })).abandon() })
          await using after = await Home.open({ disk: end === 'kill' ? found.afterKill() : found.afterCrash({ random }) })
          await expectWhole(scene, after, outcome, `crash at ${point} of ${points}`)
        }
      })
    }

    for (const [at, [code, times]] of ([['ENOSPC', 1], ['EIO', 3], ['EIO', 5], ['ENOSPC', 1000]] as const).entries()) {
      it(`rejects what fails, stays usable, and loses nothing that was acknowledged (${code}, ${times} in a row)`, async () => {
        for (let point = 1 + at % stride; point <= points; point += stride) {
          const disk = scene.disk.afterKill()
          const home = await Home.open({ disk })
          disk.failAt(disk.points + point, code, times)
          const outcome = await play(scene, home)
          disk.failAt(0)
          const what = `${times} times ${code} from point ${point} on`
          await expectWhole(scene, home, outcome, what)
          home.abandon()
          await using after = await Home.open({ disk: point % 2 === 0 ? disk.afterKill() : disk.afterCrash({ random: seededRandom(point) }) })
          expect(await viewOf(after), `${what}, reopened`).to.deep.equal(await viewOf(outcome.peer))
        }
      })
    }
  })
}
