import { dirname } from 'node:path'
import { expect } from 'chai'
import { RecordFile } from '../../../packages/core/src/storage/record-file.ts'
import { codeOf } from '../../support/failures.ts'
import { contentOf, diskHolding, diskWith, found, frameLength, headerLength, maxRecordBytes, openRecords, path, records, starts } from './record-fixture.ts'

const last = starts[2] ?? 0

describe('RecordFile on a disk that changed it', () => {
  it('cuts a last record that is torn at any byte, and can be written on', async () => {
    const bytes = (await diskWith()).contentOf(path)
    for (let length = last + 1; length < bytes.length; length++) {
      const disk = diskHolding(bytes.subarray(0, length))
      expect(await found(disk), `${length} bytes`).to.deep.equal({ damage: 'torn tail', content: records.slice(0, 2) })
      const { file } = await openRecords(disk)
      file.append(records.slice(2))
      expect([disk.contentOf(path), disk.paths()]).to.deep.equal([bytes, [path]])
    }
  })

  it('starts anew when not even the header was written, or only its length', async () => {
    const bytes = (await diskWith()).contentOf(path)
    const headers = Array.from({ length: headerLength }, (_, length) => bytes.subarray(0, length))
    for (const header of [...headers, Buffer.alloc(headerLength), Buffer.from('AKS\0\0\0\0\0\0')]) {
      const disk = diskHolding(header)
      const { file, damage } = await openRecords(disk)
      file.append(records)
      expect([damage, disk.contentOf(path)]).to.deep.equal([undefined, bytes])
    }
  })

  it('cuts the zeros that a power cut leaves after the end, or in place of the last record', async () => {
    const bytes = (await diskWith()).contentOf(path)
    for (const zeros of [1, 7, 8, 9, 5_000]) {
      const disk = diskHolding(Buffer.concat([bytes, Buffer.alloc(zeros)]))
      expect([await found(disk), disk.contentOf(path).length]).to.deep.equal([{ damage: 'torn tail', content: records }, bytes.length])
      const half = Buffer.concat([bytes.subarray(0, last + frameLength + 3), Buffer.alloc(zeros + 13)])
      expect(await found(diskHolding(half))).to.deep.equal({ damage: 'torn tail', content: records.slice(0, 2) })
    }
  })

  it('finds any flipped bit in a record, keeps what is before it, and copies the file unless it looks torn', async () => {
    const bytes = (await diskWith()).contentOf(path)
    for (let at = headerLength; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const disk = diskHolding(bytes)
        disk.flip(path, at, bit)
        const flipped = disk.contentOf(path)
        const whole = starts.filter((start) => start <= at).length - 1
        const copied = whole < 2
        expect([await found(disk), disk.paths(), copied ? disk.contentOf(`${path}.damaged`) : flipped], `byte ${at}, bit ${bit}`).to.deep.equal([
          { damage: copied ? 'damaged record' : 'torn tail', content: records.slice(0, whole) }, copied ? [path, `${path}.damaged`] : [path], flipped
        ])
        expect(await found(disk)).to.deep.equal({ damage: undefined, content: records.slice(0, whole) })
      }
    }
  })

  it('refuses a header with any flipped bit, and changes nothing', async () => {
    const bytes = (await diskWith()).contentOf(path)
    for (let bit = 0; bit < headerLength * 8; bit++) {
      const disk = diskHolding(bytes)
      disk.flip(path, bit >> 3, bit & 7)
      const flipped = disk.contentOf(path)
      const code = await codeOf(() => openRecords(disk))
      expect([code === 'MESH_DISK_FAILED' || code === 'MESH_FORMAT_NEWER', disk.contentOf(path).equals(flipped)], `bit ${bit}`).to.deep.equal([true, true])
    }
  })

  it('never overwrites an earlier copy', async () => {
    const disk = await diskWith()
    for (const name of ['damaged', 'damaged.2']) disk.place(`${path}.${name}`, Buffer.from(name))
    disk.flip(path, headerLength + frameLength, 0)
    await found(disk)
    expect([await disk.list(dirname(path)), disk.contentOf(`${path}.damaged`).toString(), disk.contentOf(`${path}.damaged.3`).length])
      .to.deep.equal([['a.log', 'a.log.damaged', 'a.log.damaged.2', 'a.log.damaged.3'], 'damaged', starts[3]])
  })

  it('cuts nothing when it cannot make the copy', async () => {
    const disk = await diskWith()
    disk.flip(path, headerLength + frameLength, 0)
    const flipped = disk.contentOf(path)
    disk.failAt(disk.points + 2, 'ENOSPC')
    expect([await codeOf(() => found(disk)), disk.contentOf(path).equals(flipped), disk.paths()]).to.deep.equal(['MESH_DISK_FAILED', true, [path]])
    expect(await found(disk)).to.deep.equal({ damage: 'damaged record', content: [] })
  })

  it('sees a bit that turns after it was opened, when the record is read', async () => {
    const disk = await diskWith()
    const { file } = await openRecords(disk)
    for (let at = starts[1] ?? 0; at < last; at++) {
      disk.flip(path, at, 5)
      expect(await codeOf(() => file.read(1)), `byte ${at}`).to.equal('MESH_DISK_FAILED')
      disk.flip(path, at, 5)
    }
    disk.truncate(path, last)
    expect([contentOf({ count: 2, read: (index) => file.read(index) }), await codeOf(() => file.read(2))]).to.deep.equal([records.slice(0, 2), 'MESH_DISK_FAILED'])
  })

  it('does not look for hours for a record in bytes made to look like many', async () => {
    const maxRecordBytes = 8 << 20
    const bytes = Buffer.alloc(12 << 20)
    for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32BE(0x00303030, at)
    const torn = Buffer.concat([(await diskWith()).contentOf(path), bytes])
    const { file, damage } = await RecordFile.open(diskHolding(torn), path, { maxRecordBytes, durability: 'fsync' })
    expect([damage, file.count]).to.deep.equal(['damaged record', 3])
  })

  it('takes more than a crash can leave for damage', async () => {
    const disk = diskHolding(Buffer.concat([(await diskWith()).contentOf(path), Buffer.alloc(17 << 20)]))
    expect([(await found(disk)).damage, disk.paths()]).to.deep.equal(['damaged record', [path, `${path}.damaged`]])
  })

  it('takes a record that is longer than any may be for damage', async () => {
    const disk = await diskWith()
    const { file } = await RecordFile.open(disk, path, { maxRecordBytes: 2 * maxRecordBytes, durability: 'fsync' })
    file.append([new Uint8Array(maxRecordBytes + 1).fill(1), Uint8Array.of(1)])
    expect(await found(disk)).to.deep.equal({ damage: 'damaged record', content: records })
  })
})
