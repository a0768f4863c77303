import { expect } from 'chai'
import fc from 'fast-check'
import { FaultyDisk, seededRandom } from '@akshi/testkit'
import { crc32c } from '../../../packages/core/src/storage/crc32c.ts'
import { RecordFile } from '../../../packages/core/src/storage/record-file.ts'
import { codeOf, failureOf } from '../../support/failures.ts'
import { contentOf, diskHolding, diskWith, found, maxRecordBytes, openRecords, path, records } from './record-fixture.ts'

describe('RecordFile', () => {
  it('reads back any records after it was closed, however they were grouped', async () => {
    const groups = fc.array(fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 4 }), { maxLength: 4 })
    await fc.assert(fc.asyncProperty(groups, async (groups) => {
      const disk = await diskWith([])
      const { file } = await openRecords(disk)
      for (const group of groups) file.append(group)
      expect([contentOf(file), file.bytes]).to.deep.equal([groups.flat(), disk.contentOf(path).length])
      await file.close()
      expect(await found(disk)).to.deep.equal({ damage: undefined, content: groups.flat() })
    }), { numRuns: 50 })
  })

  it('finds records that end before, at and after the border of the blocks it reads', async () => {
    const disk = new FaultyDisk()
    const options = { maxRecordBytes: 3 << 20, durability: 'fsync' } as const
    const { file } = await RecordFile.open(disk, '/a', options)
    const sizes = [(1 << 20) - 25, 1, 7, 1 << 20, (1 << 20) - 8, 3 << 20, 5]
    const content = sizes.map((size, index) => new Uint8Array(size).fill(index + 1))
    file.append(content)
    await file.close()
    const { file: again, damage } = await RecordFile.open(disk, '/a', options)
    expect([damage, contentOf(again).map(({ length }) => length), again.read(5)[1 << 20]]).to.deep.equal([undefined, sizes, 6])
  })

  it('has this form: magic, version, then length, CRC-32C and bytes of each record', async () => {
    const disk = await diskWith([Buffer.from('123456789')])
    expect(disk.contentOf(path).toString('latin1')).to.equal('AKSHIREC\x01' + '\x00\x00\x00\x09' + '\xe3\x06\x92\x83' + '123456789')
  })

  it('takes records back, on the disk too, and goes on from there', async () => {
    const disk = await diskWith()
    const { file } = await openRecords(disk)
    file.truncate(5)
    const all = file.count
    file.truncate(1)
    const kept = [contentOf(file), (await found(disk.afterKill())).content]
    file.append([Uint8Array.of(7)])
    expect([all, kept, (await found(disk)).content]).to.deep.equal([3, [records.slice(0, 1), records.slice(0, 1)], [records[0], Uint8Array.of(7)]])
  })

  it('refuses what it could not read back, and writes nothing of it', async () => {
    const disk = await diskWith()
    const { file } = await openRecords(disk)
    const longest = new Uint8Array(maxRecordBytes)
    const failures = [
      await failureOf(() => file.append([Uint8Array.of(1), new Uint8Array()])),
      await failureOf(() => file.append([new Uint8Array(maxRecordBytes + 1)])),
      await failureOf(() => file.read(3)), await failureOf(() => file.read(-1))
    ]
    file.append([longest])
    expect([failures.map((failure) => failure instanceof RangeError), await found(disk)]).to.deep.equal([[true, true, true, true], { damage: undefined, content: [...records, longest] }])
  })

  it('refuses a newer format and a file of something else, and leaves both as they are', async () => {
    const newer = (await diskWith()).contentOf(path)
    newer[8] = 2
    newer.writeUInt32BE(crc32c(newer.subarray(0, 9)), 9)
    const older = Buffer.from(newer)
    older[8] = 0
    const codes = [newer, older, Buffer.from('something else altogether'), Buffer.from('short'), Buffer.from('AKSHIRE!')].map(async (bytes) => {
      const disk = diskHolding(bytes)
      return [await codeOf(() => openRecords(disk)), disk.contentOf(path).equals(bytes)]
    })
    expect(await Promise.all(codes)).to.deep.equal([['MESH_FORMAT_NEWER', true], ...Array.from({ length: 4 }, () => ['MESH_DISK_FAILED', true])])
  })

  it('syncs with durability fsync, and with os only the header of a new file', async () => {
    const disk = await diskWith([])
    const points = []
    for (const durability of ['fsync', 'os'] as const) {
      const { file } = await openRecords(disk, durability)
      file.append(records)
      const before = disk.points
      await file.sync()
      points.push(disk.points - before)
      await file.close()
    }
    expect(points).to.deep.equal([1, 0])
  })

  it('can be opened after a power cut with durability os, whatever is left of it', async () => {
    const disk = new FaultyDisk()
    await disk.makeFolder('/feeds')
    const { file } = await openRecords(disk, 'os')
    file.append(records)
    await file.sync()
    for (let seed = 0; seed < 40; seed++) {
      const { content } = await found(disk.afterCrash({ random: seededRandom(seed) }))
      expect(content, `seed ${seed}`).to.deep.equal(records.slice(0, content.length))
    }
  })

  it('makes what a killed process left durable before it shows it', async () => {
    const disk = await diskWith([])
    const { file } = await openRecords(disk)
    file.append(records)
    const restarted = disk.afterKill()
    expect(await found(restarted)).to.deep.equal({ damage: undefined, content: records })
    for (let seed = 0; seed < 20; seed++) expect((await found(restarted.afterCrash({ random: seededRandom(seed) }))).content, `seed ${seed}`).to.deep.equal(records)
  })

  it('is read without being changed, and says which record is the first bad one and why', async () => {
    const disk = await diskWith()
    disk.flip(path, 40, 3)
    const before = disk.contentOf(path)
    const { file, bad } = await RecordFile.openReadOnly(disk, path, { maxRecordBytes }) ?? {}
    expect([file === undefined ? [] : contentOf(file), bad, disk.contentOf(path).equals(before), disk.paths()]).to.deep.equal([
      records.slice(0, 1), { index: 1, offset: 29, reason: 'its bytes are not those that were written (CRC-32C)' }, true, [path]
    ])
    await file?.close()
  })

  it('is read without being changed when it is whole, missing, new or of something else', async () => {
    const read = async (disk: FaultyDisk) => {
      const { file, bad } = await RecordFile.openReadOnly(disk, path, { maxRecordBytes }) ?? {}
      return [file?.count, bad]
    }
    expect([await read(await diskWith()), await read(new FaultyDisk()), await read(diskHolding(Buffer.from('AKS'))), await codeOf(() => read(diskHolding(Buffer.from('something else'))))])
      .to.deep.equal([[3, undefined], [undefined, undefined], [0, undefined], 'MESH_DISK_FAILED'])
  })
})
