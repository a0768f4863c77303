import { expect } from 'chai'
import fc from 'fast-check'
import type { FaultyDisk } from '@akshi/testkit'
import { codeOf } from '../../../support/failures.ts'
import { writeLog } from './forge.ts'
import { carry, Home, keepSnapshot, meet, numbersOf, read, reopened, settled, viewOf } from './support.ts'

const isSoak = process.env.SOAK === '1'

/** A feed of several small segments that forked, on a disk, and the same feed at a peer. */
async function smallFeed (): Promise<{ disk: FaultyDisk, peer: Home }> {
  const peer = await Home.open()
  const { envelopes } = await writeLog(4)
  for (const each of envelopes) await peer.feed.accept(each.map((envelope) => ({ kind: 'envelope', envelope })))
  const clone = await Home.open({ disk: peer.disk.afterKill() })
  for (const home of [peer, clone]) for (let i = 0; i < 3; i++) await home.append(2)
  await meet([peer, clone])
  const home = await Home.open()
  await carry(peer, home)
  await settled(home)
  await home.append(1)
  await carry(home, peer)
  await home.feed.close()
  return { disk: home.disk, peer }
}

const filesOf = (disk: FaultyDisk) => disk.paths().filter((path) => /\.(log|snap|index)$/.test(path))

describe('LogFeed: damage', function () {
  this.timeout(isSoak ? 3_600_000 : 60_000)

  /** Opens what is left, and expects nothing wrong in it, and all of it back from a peer. */
  async function expectHealed (disk: FaultyDisk, peer: Home, what: string): Promise<readonly string[]> {
    await using home = await Home.open({ disk })
    const truth = new Set(await read(peer))
    const left = await read(home)
    expect([left.filter((number) => !truth.has(number)), new Set(left).size], what).to.deep.equal([[], left.length])
    await meet([peer, home])
    expect(await viewOf(home), what).to.deep.equal(await viewOf(peer))
    await using again = await reopened(home, 'kill')
    expect(await viewOf(again), `${what}, reopened`).to.deep.equal(await viewOf(peer))
    return home.damages
  }

  it('turns no flipped bit into a wrong entry, says so, and has everything back from a peer', async () => {
    const { disk, peer } = await smallFeed()
    const places = filesOf(disk).flatMap((path) => Array.from({ length: disk.contentOf(path).length }, (_, byte) => ({ path, byte })))
    const flip = fc.record({ place: fc.constantFrom(...places), bit: fc.integer({ min: 0, max: 7 }) })
    await fc.assert(fc.asyncProperty(flip, async ({ place: { path, byte }, bit }) => {
      const harmed = disk.afterKill()
      harmed.flip(path, byte, bit)
      const what = `bit ${bit} of byte ${byte} of ${path}`
      if (byte === (path.endsWith('.snap') ? 9 : 8)) return                // the version of the file's form: see below
      expect((await expectHealed(harmed, peer, what)).length > 0, `${what} is reported`).to.equal(true)
    }), { numRuns: isSoak ? 100_000 : 200, seed: 7 })
  })

  it('turns no flipped bit of the first bytes of a file into a failure, unless it says that the file is newer', async () => {
    const { disk, peer } = await smallFeed()
    for (const path of filesOf(disk)) {
      for (let byte = 0; byte < 10; byte++) {
        for (const bit of isSoak ? [0, 1, 2, 3, 4, 5, 6, 7] : [byte % 8]) {
          const harmed = disk.afterKill()
          harmed.flip(path, byte, bit)
          const code = await codeOf(() => expectHealed(harmed, peer, `bit ${bit} of byte ${byte} of ${path}`))
          expect(code).to.be.oneOf(byte === (path.endsWith('.snap') ? 9 : 8) ? [undefined, 'MESH_FORMAT_NEWER'] : [undefined])
        }
      }
    }
  })

  it('loses no more than the last record when a log is cut anywhere in it', async () => {
    const [home, peer] = [await Home.open(), await Home.open()]
    for (let i = 0; i < 3; i++) await home.append(2)
    await carry(home, peer)
    const numbers = await read(peer)
    await home.feed.close()
    const log = home.disk.paths().find((path) => path.endsWith('.log')) ?? ''
    const whole = home.disk.contentOf(log).length
    const before = home.disk.afterKill()
    const start = whole - (await itemLength(peer)) - 8
    for (let size = start; size < whole; size++) {
      const disk = before.afterKill()
      disk.truncate(log, size)
      await using cut = await Home.open({ disk })
      expect([await read(cut), cut.damages.length], `${size} of ${whole} bytes`).to.deep.equal([numbers.slice(0, 4), size === start ? 0 : 1])
      await meet([peer, cut])
      expect(await viewOf(cut)).to.deep.equal(await viewOf(peer))
    }
  })

  it('has back from a peer what it lost with any files', async () => {
    const { disk, peer } = await smallFeed()
    const files = filesOf(disk)
    await fc.assert(fc.asyncProperty(fc.subarray(files, { minLength: 1 }), async (lost) => {
      const harmed = disk.afterKill()
      for (const path of lost) await harmed.remove(path)
      await expectHealed(harmed, peer, `without ${lost.join(', ')}`)
    }), { numRuns: isSoak ? 2000 : 40, seed: 7 })
  })

  it('of the own feed does not stop appends, and in the end all lives are everywhere', async () => {
    const { disk, peer } = await smallFeed()
    await fc.assert(fc.asyncProperty(fc.constantFrom(...filesOf(disk)), fc.nat(), async (path, place) => {
      const harmed = disk.afterKill()
      const { length } = harmed.contentOf(path)
      harmed.flip(path, 10 + place % (length - 10), place % 8)
      await using home = await Home.open({ disk: harmed })
      await using other = await Home.open()
      await carry(peer, other)
      if (place % 3 === 0) await read(home)                                // finds the damage before it writes on, or after
      for (let i = 0; i < 3; i++) await home.append(2)
      await read(home)
      await meet([other, home], { maxEnvelopes: place % 2 === 0 ? 0 : 1000 })
      expect([other.feed.count, (await read(other)).length]).to.deep.equal([peer.feed.count + 6, peer.feed.count + 6])
      expect(await viewOf(home)).to.deep.equal(await viewOf(other))
      await using again = await reopened(home, 'power')
      expect(await viewOf(again)).to.deep.equal(await viewOf(other))
    }), { numRuns: isSoak ? 5000 : 60, seed: 7 })
  })

  it('of the own feed loses nothing that nobody else has, as long as its bytes are there', async () => {
    const home = await Home.open()
    await home.append(2)
    const [leaf] = home.feed.tree.leaves
    if (leaf !== undefined) await keepSnapshot(home, leaf)
    await home.append(2)
    await home.append(2)
    const numbers = await read(home)
    await home.feed.close()
    for (const path of filesOf(home.disk).filter((each) => !each.endsWith('.log'))) {
      const disk = home.disk.afterKill()
      disk.flip(path, 60, 1)
      const harmed = await Home.open({ disk })
      await read(harmed)
      await using after = await reopened(harmed, 'kill')
      expect(await read(after), path).to.deep.equal(numbers)
    }
  })

  it('of a snapshot leaves what was appended after it to wait on the disk until the snapshot is here again', async () => {
    const [peer, home] = [await Home.open(), await Home.open()]
    for (let i = 0; i < 3; i++) await peer.append(2)
    await carry(peer, home, { maxEnvelopes: 0, newestFirst: true })
    const own = numbersOf([...await home.append(2), ...await home.append(1)])
    await home.close()
    home.disk.flip(home.disk.paths().find((path) => path.endsWith('.snap')) ?? '', 100, 1)
    let after = await Home.open({ disk: home.disk })
    expect(await read(after)).to.deep.equal([])
    after = await reopened(after, 'kill')
    expect(await read(after)).to.deep.equal([])
    await carry(peer, after)
    after = await reopened(after, 'kill')
    expect(await read(after)).to.deep.equal([...await read(peer), ...own])
    expect(after.disk.paths().filter((path) => path.endsWith('.aside'))).to.deep.equal([])
  })
})

async function itemLength (home: Home): Promise<number> {
  let length = 0
  for await (const { bytes } of home.feed.serve([], [], { maxEnvelopes: 1000 })) length = bytes.length
  return length
}
