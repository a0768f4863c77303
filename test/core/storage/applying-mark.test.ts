import { expect } from 'chai'
import { crashes, FaultyDisk, seededRandom } from '@akshi/testkit'
import { ApplyingMark } from '../../../packages/core/src/storage/applying-mark.ts'
import { systemDisk } from '../../../packages/core/src/storage/disk.ts'
import { codeOf, failureOf } from '../../support/failures.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const path = '/applying'
const idOf = (byte: number) => new Uint8Array(32).fill(byte)
const hexOf = (byte: number) => Buffer.from(idOf(byte)).toString('hex')

function verdicts (mark: ApplyingMark): { suspects: string[], quarantined: string[] } {
  return { suspects: [...mark.suspects], quarantined: [...mark.quarantined] }
}

/** A life that applies these, and dies of the last unless it is `safely` over; the disk that it leaves. */
async function live (disk: FaultyDisk, bytes: readonly number[], safely?: 'safely'): Promise<FaultyDisk> {
  const mark = await ApplyingMark.open(disk, path)
  for (const [index, byte] of bytes.entries()) {
    mark.begin(idOf(byte))
    if (index < bytes.length - 1 || safely) mark.end()
  }
  return disk.afterKill()
}

async function verdictsOn (disk: FaultyDisk): Promise<{ suspects: string[], quarantined: string[] }> {
  return verdicts(await ApplyingMark.open(disk, path))
}

describe('ApplyingMark', () => {
  it('suspects nobody of a life that ended between two', async () => {
    expect(await verdictsOn(await live(new FaultyDisk(), [1, 2, 3], 'safely'))).to.deep.equal({ suspects: [], quarantined: [] })
  })

  it('suspects what was being applied at a death, and quarantines it at the second', async () => {
    const once = await live(new FaultyDisk(), [1, 2])
    const twice = await live(once.afterKill(), [1, 2])
    expect([await verdictsOn(once), await verdictsOn(twice)]).to.deep.equal([{ suspects: [hexOf(2)], quarantined: [] }, { suspects: [], quarantined: [hexOf(2)] }])
  })

  it('keeps suspicion and quarantine over any number of lives', async () => {
    let disk = await live(await live(await live(new FaultyDisk(), [1]), [1]), [2])
    for (let life = 0; life < 5; life++) disk = await live(disk, [3, 4, 1], 'safely')
    expect(await verdictsOn(disk)).to.deep.equal({ suspects: [hexOf(2)], quarantined: [hexOf(1)] })
  })

  it('suspects no more what was applied without harm, so that deaths far apart are no proof', async () => {
    const cleared = await live(await live(new FaultyDisk(), [1]), [1], 'safely')
    expect([await verdictsOn(cleared), await verdictsOn(await live(cleared.afterKill(), [1]))]).to.deep.equal([{ suspects: [], quarantined: [] }, { suspects: [hexOf(1)], quarantined: [] }])
  })

  it('counts a death during the start once more, and never forgets one', async () => {
    const dead = await live(await live(new FaultyDisk(), [1]), [2])
    for (let point = 1; point <= 4; point++) {
      const disk = dead.afterKill()
      disk.crashAt(point)
      await crashes(() => ApplyingMark.open(disk, path))
      const { suspects, quarantined } = await verdictsOn(disk.afterKill())
      expect([...suspects, ...quarantined].sort(), `write point ${point}`).to.deep.equal([hexOf(1), hexOf(2)])
    }
  })

  it('keeps a verdict over a power cut once it was opened', async () => {
    const disk = await live(await live(new FaultyDisk(), [1]), [1])
    await verdictsOn(disk)
    for (let seed = 0; seed < 20; seed++) expect((await verdictsOn(disk.afterCrash({ random: seededRandom(seed) }))).quarantined, `seed ${seed}`).to.deep.equal([hexOf(1)])
  })

  it('forgets an id for good, and uses its line for another', async () => {
    const disk = await live(await live(await live(new FaultyDisk(), [1]), [1]), [2])
    const mark = await ApplyingMark.open(disk, path)
    for (const byte of [1, 2, 3]) await mark.forget(idOf(byte))
    const size = disk.contentOf(path).length
    const forgotten = await Promise.all(Array.from({ length: 20 }, (_, seed) => verdictsOn(disk.afterCrash({ random: seededRandom(seed) }))))
    const next = await live(disk.afterKill(), [4])
    expect([verdicts(mark), forgotten, await verdictsOn(next), next.contentOf(path).length]).to.deep.equal([
      { suspects: [], quarantined: [] }, Array(20).fill({ suspects: [], quarantined: [] }), { suspects: [hexOf(4)], quarantined: [] }, size
    ])
  })

  it('is a file that people can read', async () => {
    const disk = await live(await live(await live(new FaultyDisk(), [1]), [1]), [2])
    await (await ApplyingMark.open(disk, path)).close()
    const mark = await ApplyingMark.open(disk, path)
    mark.begin(idOf(3))
    expect(disk.contentOf(path).toString().split('\n').map((line) => line.trimEnd())).to.deep.equal([
      'akshi applying mark 1', `${hexOf(3)} applying`, `${hexOf(1)} quarantined`, `${hexOf(2)} suspect`, ''
    ])
  })

  it('needs no room on a full disk, once its file is there', async () => {
    const disk = await live(await live(new FaultyDisk(), [1]), [1])
    const size = disk.contentOf(path).length
    const mark = await ApplyingMark.open(disk, path)
    for (let round = 0; round < 3; round++) {
      mark.begin(idOf(round))
      mark.end()
    }
    expect(disk.contentOf(path).length).to.equal(size)
  })

  it('skips lines that are nothing of its own, whatever byte of its file is damaged', async () => {
    const disk = await live(await live(await live(new FaultyDisk(), [1]), [1]), [2])
    await verdictsOn(disk)
    const whole = disk.contentOf(path)
    for (let length = 0; length < whole.length; length += 7) {
      disk.place(path, whole.subarray(0, length))
      expect((await verdictsOn(disk)).suspects.every((id) => id === hexOf(2)), `${length} bytes`).to.equal(true)
    }
    disk.place(path, Buffer.from('nonsense'.repeat(50)))
    expect(await verdictsOn(await live(disk, [7]))).to.deep.equal({ suspects: [hexOf(7)], quarantined: [] })
  })

  it('refuses a newer format, and says when the disk fails', async () => {
    const disk = new FaultyDisk()
    disk.place(path, Buffer.from('akshi applying mark 2 2'.padEnd(79) + '\n'))
    const codes = [await codeOf(() => ApplyingMark.open(disk, path))]
    const mark = await ApplyingMark.open(disk, '/other')
    disk.failAt(disk.points + 1, 'EIO', 2)
    codes.push(await codeOf(() => mark.begin(idOf(1))), await codeOf(() => ApplyingMark.open(disk, '/third')))
    mark.begin(idOf(1))
    expect(codes).to.deep.equal(['MESH_FORMAT_NEWER', 'MESH_DISK_FAILED', 'MESH_DISK_FAILED'])
  })

  it('takes one at a time, by ids of 32 bytes', async () => {
    const mark = await ApplyingMark.open(new FaultyDisk(), path)
    const short = await failureOf(() => mark.begin(new Uint8Array(31)))
    mark.begin(idOf(1))
    expect([short, await failureOf(() => mark.begin(idOf(2)))].map((failure) => failure instanceof TypeError)).to.deep.equal([true, true])
  })

  it('works on the machine\'s own disk', async () => {
    await using folder = await temporaryFolder()
    for (let life = 0; life < 2; life++) {
      const mark = await ApplyingMark.open(systemDisk, folder.join('applying'))
      mark.begin(idOf(1))
      await mark.close()
    }
    const mark = await ApplyingMark.open(systemDisk, folder.join('applying'))
    expect(verdicts(mark)).to.deep.equal({ suspects: [], quarantined: [hexOf(1)] })
    await mark.close()
  })
})
