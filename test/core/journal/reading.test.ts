import { expect } from 'chai'
import type { EntryView, ReadOptions } from '../../../packages/core/src/control.ts'
import { readEntries } from '../../../packages/core/src/journal/reading.ts'
import { systemDisk, type Disk } from '../../../packages/core/src/storage/disk.ts'
import { codeOf } from '../../support/failures.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { forkStories, livesAfter } from './log/fork-stories.ts'
import { carry, cloneOf, Home, meet, ordersOf, settled } from './log/support.ts'

const page = ({ feed }: Pick<Home, 'feed'>, options: ReadOptions = {}) => readEntries([feed], options)
const ids = (entries: readonly EntryView[]) => entries.map(({ id }) => id)

/** Reads page after page, each from the next of the homes, until there is no more. */
async function pagesOf (homes: readonly Home[], options: ReadOptions): Promise<string[]> {
  const found: string[] = []
  let since: string | undefined
  for (let at = 0, empty = 0; empty < homes.length; at++) {
    const { entries, cursor } = await page(homes[at % homes.length] as Home, { ...options, ...since !== undefined && { since } })
    found.push(...ids(entries))
    since = cursor
    empty = entries.length === 0 ? empty + 1 : 0
  }
  return found
}

/** Homes that have the same lives, met in different orders. */
async function readersOf (story: string): Promise<Home[]> {
  const { homes } = await livesAfter(story)
  const readers: Home[] = []
  for (const order of ordersOf(homes).slice(0, 3)) {
    const reader = await Home.open()
    for (const home of order) await meet([reader, { feed: home.feed }])
    readers.push(reader)
  }
  return readers
}

describe('readEntries', function () {
  this.timeout(60_000)

  for (const story of Object.keys(forkStories)) {
    it(`pages through each entry once in the agreed order, with cursors that mean the same on every node, when ${story}`, async () => {
      const readers = await readersOf(story)
      const { entries } = await page(readers[0] as Home)
      const even = entries.filter(({ kind }) => kind === 'even')
      expect(ids(entries)).to.deep.equal(ids(entries).toSorted())
      for (const limit of [1, 2, 5]) {
        expect(await pagesOf(readers, { limit }), `by ${limit}`).to.deep.equal(ids(entries))
        expect(await pagesOf(readers, { limit, kind: 'even' }), `by ${limit}, even ones`).to.deep.equal(ids(even))
      }
    })
  }

  it('finds what comes late with a cursor from before, though it sorts before what was read', async () => {
    for (const story of Object.keys(forkStories)) {
      const { homes } = await livesAfter(story)
      for (const order of ordersOf(homes)) {
        const reader = await Home.open()
        const found: string[] = []
        let since: string | undefined
        for (const home of order) {
          await carry(home, reader)
          await carry(home, reader)
          const { entries, cursor } = await page(reader, since === undefined ? {} : { since })
          found.push(...ids(entries))
          since = cursor
        }
        expect(found.toSorted(), story).to.deep.equal(ids((await page(reader)).entries))
      }
    }
  })

  it('gives nothing twice to who reads on at a node that lacks a path or is behind, and comes back', async () => {
    const [home, both, behind] = [await Home.open(), await Home.open(), await Home.open()]
    await home.append(3)
    await carry(home, behind)
    const clone = await cloneOf(home)
    await home.append(2)
    await clone.append(2)
    for (const life of [home, clone]) await carry(life, both)
    const { cursor } = await page(both)
    for (const options of [{}, { limit: 1 }, { reverse: true }]) {
      for (const other of [home, clone, behind, await Home.open()]) {
        const there = await page(other, { ...options, since: cursor })
        expect((await page(both, { since: there.cursor })).entries).to.deep.equal([])
      }
    }
    expect([(await page(home, { since: cursor })).entries, (await page(clone, { since: cursor })).entries]).to.deep.equal([[], []])
  })

  it('reads backwards from the newest, with a cursor that covers everything', async () => {
    for (const reader of await readersOf('both lives closed several segments, and few of their envelopes are kept')) {
      const { entries } = await page(reader)
      expect(ids((await page(reader, { reverse: true })).entries)).to.deep.equal(ids(entries).toReversed())
      const { entries: last, cursor } = await page(reader, { reverse: true, limit: 10, kind: 'odd' })
      expect(ids(last)).to.deep.equal(ids(entries.filter(({ kind }) => kind === 'odd')).toReversed().slice(0, 10))
      expect((await page(reader, { since: cursor })).entries).to.deep.equal([])
    }
  })

  it('touches the last segment only for the last entries, and loads no more than it reads from', async () => {
    await using folder = await temporaryFolder()
    const opened: string[] = []
    const disk: Disk = { ...inFolder(systemDisk, folder.path), openExisting: (path) => { opened.push(path); return systemDisk.openExisting(folder.path + path) } }
    const home = await Home.open({ disk })
    for (let i = 0; i < 3; i++) await home.fill()
    await home.append(5)
    await settled(home)
    await home.close()
    await using reader = await Home.open({ disk })
    const readSnapshots = () => opened.splice(0).filter((path) => path.endsWith('.snap')).map((path) => path.slice(11, 17))
    readSnapshots()
    const last = await page(reader, { reverse: true, limit: 5 })
    expect([last.entries.length, readSnapshots()]).to.deep.equal([5, []])
    await page(reader, { since: last.cursor })
    expect(readSnapshots()).to.deep.equal([])
    await page(reader, { reverse: true, limit: 6 })
    expect(readSnapshots()).to.deep.equal(['000002'])
    const first = await page(reader, { limit: 100 })
    expect(readSnapshots()).to.deep.equal(['000000'])
    await page(reader, { limit: 100, since: first.cursor })
    expect(readSnapshots()).to.deep.equal([])
  })

  it('gives forwards nothing from after a segment that was lost, and then all of it when that is back', async () => {
    const [home, peer] = [await Home.open(), await Home.open()]
    for (let i = 0; i < 3; i++) await home.fill()
    await settled(home)
    await carry(home, peer)
    await home.close()
    const path = home.disk.paths().find((each) => /\/000001.*snap$/.test(each)) ?? ''
    home.disk.flip(path, 1000, 1)
    await using harmed = await Home.open({ disk: home.disk })
    const before = await page(harmed)
    expect([before.entries.length, (await page(harmed, { since: before.cursor })).entries.length]).to.deep.equal([4096, 0])
    await meet([peer, harmed])
    expect((await page(harmed, { since: before.cursor })).entries.length).to.equal(2 * 4096)
  })

  it('rejects when the disk cannot be read now, and loses nothing for it', async () => {
    await using folder = await temporaryFolder()
    let isBroken = false
    const disk: Disk = { ...inFolder(systemDisk, folder.path), openExisting: (path) => systemDisk.openExisting(folder.path + path + (isBroken ? '/no/file' : '')) }
    const home = await Home.open({ disk })
    await home.fill()
    await home.append(1)
    await settled(home)
    await home.close()
    await using reader = await Home.open({ disk })
    isBroken = true
    expect(await codeOf(() => page(reader))).to.equal('MESH_DISK_FAILED')
    isBroken = false
    expect([(await page(reader)).entries.length, reader.damages]).to.deep.equal([4097, []])
  })

  it('refuses a cursor that is none', async () => {
    await using home = await Home.open()
    for (const since of ['', '!', 'AAAA', Buffer.from([0xa1, 0x61, 0x61, 0x20]).toString('base64url'), Buffer.from([0xa1, 0x01, 0x01]).toString('base64url')]) {
      expect(await codeOf(() => page(home, { since })), since).to.equal('MESH_REQUEST_INVALID')
    }
  })
})

/** The disk, with all paths inside a folder. */
function inFolder (disk: Disk, folder: string): Disk {
  return {
    makeFolder: (path) => disk.makeFolder(folder + path),
    list: (path) => disk.list(folder + path),
    open: (path) => disk.open(folder + path),
    openExisting: (path) => disk.openExisting(folder + path),
    replace: (path, parts) => disk.replace(folder + path, parts),
    remove: (path) => disk.remove(folder + path),
    rename: (from, to) => disk.rename(folder + from, folder + to)
  }
}
