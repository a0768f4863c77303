import { expect } from 'chai'
import { crashes, FaultyDisk, seededRandom } from '@akshi/testkit'
import { codeOf } from '../../support/failures.ts'

const before = Buffer.alloc(3_000, 'before')
const after = Buffer.alloc(4_000, 'after')

function diskWithFile (): FaultyDisk {
  const disk = new FaultyDisk()
  disk.place('/a', before)
  return disk
}

/** The file after a crash at this write point, in many ways. */
async function crashed (point: number): Promise<{ resolved: boolean, contents: Buffer[] }> {
  const disk = diskWithFile()
  disk.crashAt(point)
  const resolved = !await crashes(() => disk.replace('/a', [after.subarray(0, 100), after.subarray(100)]))
  const disks = [disk.afterKill(), ...Array.from({ length: 40 }, (_, seed) => disk.afterCrash({ random: seededRandom(seed) }))]
  return { resolved, contents: disks.map((found) => found.contentOf('/a')) }
}

describe('Disk.replace', () => {
  it('leaves the old file or the new one at any crash, and the new one once it resolved', async () => {
    for (let point = 1; point <= 6; point++) {
      const { resolved, contents } = await crashed(point)
      expect([resolved, contents.every((content) => content.equals(after) || (!resolved && content.equals(before)))], `write point ${point}`).to.deep.equal([point === 6, true])
    }
  })

  it('leaves one of the two, and no other file, when any step fails', async () => {
    for (let point = 1; point <= 5; point++) {
      const disk = diskWithFile()
      disk.failAt(point, 'ENOSPC')
      const code = await codeOf(() => disk.replace('/a', [after]))
      expect([code, disk.paths(), disk.contentOf('/a').equals(point === 5 ? after : before)], `write point ${point}`).to.deep.equal(['MESH_DISK_FAILED', ['/a'], true])
    }
  })
})
