import { expect } from 'chai'
import { crashes, FaultyDisk, seededRandom } from '@akshi/testkit'
import { codeOf } from '../../support/failures.ts'

const bytes = (text: string) => Buffer.from(text)
const seeds = Array.from({ length: 200 }, (_, seed) => seed)

/** Every way the disk may be found after the power went. */
function waysOf (disk: FaultyDisk, path: string): Set<string> {
  return new Set(seeds.map((seed) => {
    const found = disk.afterCrash({ random: seededRandom(seed) })
    return found.paths().includes(path) ? found.contentOf(path).toString() : 'not there'
  }))
}

describe('FaultyDisk', () => {
  it('keeps what was synced, and of what was not, all, some or none, or zeros', async () => {
    const disk = new FaultyDisk()
    const file = await disk.open('/a')
    file.write([bytes('abc')], 0)
    await file.sync()
    file.write([bytes('de')], 3)
    expect([...waysOf(disk, '/a')].sort()).to.deep.equal(['abc', 'abc\0\0', 'abcd', 'abcde'])
  })

  it('loses and keeps pages of one write apart from each other', async () => {
    const disk = new FaultyDisk()
    disk.place('/a', Buffer.alloc(1024, '.'))
    const file = await disk.open('/a')
    file.write([Buffer.alloc(1024, 'x')], 0)
    const halves = [...waysOf(disk, '/a')].map((content) => `${content[0]}${content[1023]}`)
    expect([...new Set(halves)].sort()).to.deep.equal(['..', '.x', 'x.', 'xx'])
  })

  it('keeps names apart from what is in the files, until the folder is synced', async () => {
    const disk = new FaultyDisk()
    disk.place('/a', bytes('a'))
    await disk.remove('/a')
    const removed = waysOf(disk, '/a')
    disk.place('/b', bytes('b'))
    disk.crashAt(disk.points + 2)
    const crashed = await crashes(() => disk.rename('/b', '/c'))
    expect([removed, crashed, waysOf(disk, '/c'), disk.afterKill().paths()]).to.deep.equal([new Set(['a', 'not there']), true, new Set(['b', 'not there']), ['/c']])
  })

  it('never gets to the disk what a failed sync was to cover, though programs see it', async () => {
    const disk = new FaultyDisk()
    const file = await disk.open('/a')
    file.write([bytes('abc')], 0)
    disk.failAt(disk.points + 1, 'EIO')
    const code = await codeOf(() => file.sync())
    await file.sync()
    expect([code, `${file.read(0, 9)}`, waysOf(disk, '/a')]).to.deep.equal(['MESH_DISK_FAILED', 'abc', new Set([''])])
  })

  it('does a write that fails, or that a crash meets, by half', async () => {
    const disk = new FaultyDisk()
    const file = await disk.open('/a')
    disk.failAt(disk.points + 1, 'ENOSPC')
    const code = await codeOf(() => file.write([bytes('abcd')], 0))
    const half = disk.contentOf('/a').toString()
    disk.crashAt(disk.points + 1)
    const crashed = await crashes(async () => file.write([bytes('12345678')], 0))
    expect([code, half, crashed, disk.afterKill().contentOf('/a').toString(), await crashes(async () => file.read(0, 1))]).to.deep.equal(['MESH_DISK_FAILED', 'ab', true, '1234', true])
  })

  it('wants a folder to be made before a file in it', async () => {
    const disk = new FaultyDisk()
    const code = await codeOf(() => disk.open('/none/a'))
    await disk.makeFolder('/none')
    await disk.open('/none/a')
    expect([code, disk.paths()]).to.deep.equal(['MESH_DISK_FAILED', ['/none/a']])
  })
})
