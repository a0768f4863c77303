import { expect } from 'chai'
import fc from 'fast-check'
import { FaultyDisk, seededRandom } from '@akshi/testkit'
import { codeOf } from '../../support/failures.ts'
import { contentOf, diskWith, found, openRecords, path, records, varied as content } from './record-fixture.ts'

describe('RecordFile on a disk that fails', () => {
  it('says so when a write fails, counts nothing, and goes on when there is room', async () => {
    const disk = await diskWith()
    const { file } = await openRecords(disk)
    disk.failAt(disk.points + 1, 'ENOSPC')
    const code = await codeOf(() => file.append(content))
    const reopened = await found(disk.afterKill())
    file.append(content.slice(0, 2))
    await file.sync()
    expect([code, reopened, contentOf(file), (await found(disk)).content]).to.deep.equal([
      'MESH_DISK_FAILED', { damage: undefined, content: records }, [...records, ...content.slice(0, 2)], [...records, ...content.slice(0, 2)]
    ])
  })

  it('cuts what a write that failed has left before it writes or syncs again, when it could not do so at once', async () => {
    for (const next of ['append', 'sync'] as const) {
      const disk = await diskWith()
      const { file } = await openRecords(disk)
      disk.failAt(disk.points + 1, 'EIO', 3)
      const codes = [await codeOf(() => file.append(content)), await codeOf(() => next === 'sync' ? file.sync() : file.append(content)), file.count]
      disk.failAt(0)
      const torn = disk.contentOf(path).length > file.bytes
      if (next === 'append') file.append(content.slice(0, 1))
      await file.sync()
      expect([codes, torn, disk.contentOf(path).length === file.bytes], next).to.deep.equal([['MESH_DISK_FAILED', 'MESH_DISK_FAILED', 3], true, true])
    }
  })

  it('writes anew what a sync that failed was to cover, for the next one would say nothing of it', async () => {
    const disk = await diskWith()
    const { file } = await openRecords(disk)
    file.append(content.slice(0, 3))
    disk.failAt(disk.points + 1, 'EIO')
    const first = codeOf(() => file.sync())
    await Promise.resolve()
    file.append(content.slice(3, 4))
    const second = codeOf(() => file.sync())
    expect([await first, await second, (await found(disk.afterCrash({ random: seededRandom() }))).content]).to.deep.equal(['MESH_DISK_FAILED', undefined, [...records, ...content.slice(0, 4)]])
  })

  it('writes anew what took the place of synced records, too, and only once', async () => {
    const disk = await diskWith()
    const { file } = await openRecords(disk)
    file.truncate(1)
    file.append(content.slice(0, 1))
    disk.failAt(disk.points + 1, 'EIO')
    const codes = [await codeOf(() => file.sync()), await codeOf(() => file.sync())]
    const before = disk.points
    await file.sync()
    expect([codes, disk.points - before, (await found(disk.afterCrash({ random: seededRandom() }))).content])
      .to.deep.equal([['MESH_DISK_FAILED', undefined], 1, [records[0], content[0]]])
  })

  it('does not call durable what the disk dropped after a failed sync', async () => {
    const disk = await diskWith()
    const { file } = await openRecords(disk)
    file.append(content)
    disk.failAt(disk.points + 1, 'EIO')
    const codes = [await codeOf(() => file.sync())]
    disk.truncate(path, file.bytes - 4)
    codes.push(await codeOf(() => file.sync()), await codeOf(() => file.sync()))
    file.truncate(records.length)
    file.append(content)
    codes.push(await codeOf(() => file.sync()))
    expect([codes, (await found(disk.afterCrash({ random: seededRandom() }))).content]).to.deep.equal([['MESH_DISK_FAILED', 'MESH_DISK_FAILED', 'MESH_DISK_FAILED', undefined], [...records, ...content]])
  })

  it('has what was acknowledged and a beginning of the rest, whichever write points fail, after a power cut too', async () => {
    const step = fc.constantFrom('append', 'sync', 'take back')
    const plan = fc.record({ steps: fc.array(step, { maxLength: 12 }), failures: fc.array(fc.nat(25), { maxLength: 3 }), code: fc.constantFrom('ENOSPC', 'EIO'), seed: fc.nat() })
    await fc.assert(fc.asyncProperty(plan, async ({ steps, failures, code, seed }) => {
      const disk = await diskWith([])
      const { file } = await openRecords(disk)
      const base = disk.points
      let kept: Uint8Array[] = []
      let acknowledged = 0
      let number = 0
      for (const step of steps) {
        const due = failures.find((failure) => base + failure > disk.points)
        disk.failAt(due === undefined ? 0 : base + due, code)
        if (step === 'append') {
          const added = [new Uint8Array(300).fill(++number), new Uint8Array(300).fill(++number)]
          if (await codeOf(() => file.append(added)) === undefined) kept = [...kept, ...added]
        } else if (step === 'sync') {
          if (await codeOf(() => file.sync()) === undefined) acknowledged = kept.length
        } else {
          kept = kept.slice(0, acknowledged)
          file.truncate(acknowledged)
        }
        expect(contentOf(file)).to.deep.equal(kept)
      }
      for (let way = 0; way < 5; way++) {
        const { content } = await found(disk.afterCrash({ random: seededRandom(seed + way) }))
        expect(content.slice(0, acknowledged)).to.deep.equal(kept.slice(0, acknowledged))
      }
      disk.failAt(0)
      await file.sync()
      expect((await found(disk.afterCrash({ random: seededRandom(seed) }))).content).to.deep.equal(kept)
    }), { numRuns: 200 })
  })

  it('starts as if nothing had been there when its making failed at any point', async () => {
    for (let point = 1; point <= 6; point++) {
      const disk = new FaultyDisk()
      await disk.makeFolder('/feeds')
      disk.failAt(disk.points + point, 'ENOSPC')
      const code = await codeOf(() => openRecords(disk))
      const { file } = await openRecords(disk)
      file.append(records)
      await file.sync()
      for (let seed = 0; seed < 10; seed++) expect([code, (await found(disk.afterCrash({ random: seededRandom(seed) }))).content], `write point ${point}`).to.deep.equal(['MESH_DISK_FAILED', records])
    }
  })
})
