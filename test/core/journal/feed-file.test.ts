import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import fc from 'fast-check'
import { FeedFile, type Damage } from '../../../packages/core/src/journal/feed-file.ts'
import { codeOf } from '../../support/failures.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts'

const records = ['first record', 'second', 'the third record'].map((text) => Uint8Array.from(Buffer.from(text)))
const headerLength = 10
const frameLength = 8
/** Where each record's frame begins, and the end. */
const starts = records.reduce((ends, { length }) => [...ends, (ends.at(-1) ?? 0) + frameLength + length], [headerLength])

/** A file of these records. */
async function writeFeed (path: string, content: readonly Uint8Array[] = records): Promise<Buffer> {
  const { file } = await FeedFile.open(path)
  file.append(content)
  await file.sync()
  await file.close()
  return await readFile(path)
}

/** What opening the file finds, and what it then holds. */
async function openFeed (path: string): Promise<{ damage: Damage | undefined, content: Uint8Array[] }> {
  const { file, damage } = await FeedFile.open(path)
  const content = contentOf(file)
  await file.close()
  return { damage, content }
}

function contentOf (file: FeedFile): Uint8Array[] {
  return Array.from({ length: file.count }, (_, index) => Uint8Array.from(file.read(index)))
}

async function damaged (folder: TemporaryFolder, bytes: Uint8Array): Promise<{ damage: Damage | undefined, content: Uint8Array[] }> {
  await writeFile(folder.join('a.feed'), bytes)
  return await openFeed(folder.join('a.feed'))
}

describe('FeedFile', () => {
  it('reads back any records after it was closed, however they were grouped', async () => {
    await using folder = await temporaryFolder()
    let round = 0
    await fc.assert(fc.asyncProperty(fc.array(fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 4 }), { maxLength: 4 }), async (groups) => {
      const path = folder.join(`${round++}.feed`)
      const { file } = await FeedFile.open(path)
      for (const group of groups) file.append(group)
      expect(contentOf(file)).to.deep.equal(groups.flat())
      await file.sync()
      await file.close()
      expect(await openFeed(path)).to.deep.equal({ damage: undefined, content: groups.flat() })
    }), { numRuns: 25 })
  })

  it('is made for its owner alone, folders included', async () => {
    await using folder = await temporaryFolder()
    await writeFeed(folder.join('notes', 'a.feed'))
    expect([(await stat(folder.join('notes'))).mode & 0o777, (await stat(folder.join('notes', 'a.feed'))).mode & 0o777]).to.deep.equal([0o700, 0o600])
  })

  it('has the form that docs/protocol.md gives: magic, version, then length, CRC-32 and bytes', async () => {
    await using folder = await temporaryFolder()
    const bytes = await writeFeed(folder.join('a.feed'), [Buffer.from('123456789')])
    expect(bytes.toString('latin1')).to.equal('AKSHIFEED\x01' + '\x00\x00\x00\x09' + '\xcb\xf4\x39\x26' + '123456789')
  })

  it('cuts a last record that is torn at any byte, and can be written on', async () => {
    await using folder = await temporaryFolder()
    const bytes = await writeFeed(folder.join('a.feed'))
    const last = starts[2] ?? 0
    for (let length = last + 1; length < bytes.length; length++) {
      expect(await damaged(folder, bytes.subarray(0, length)), `${length} bytes`).to.deep.equal({ damage: 'torn tail', content: records.slice(0, 2) })
      expect(await writeFeed(folder.join('a.feed'), records.slice(2))).to.deep.equal(bytes)
    }
    expect(await readdir(folder.path)).to.deep.equal(['a.feed'])
  })

  it('starts anew when not even the header was written', async () => {
    await using folder = await temporaryFolder()
    const bytes = await writeFeed(folder.join('a.feed'))
    for (let length = 0; length < headerLength; length++) {
      expect(await damaged(folder, bytes.subarray(0, length))).to.deep.equal({ damage: undefined, content: [] })
      expect(await writeFeed(folder.join('a.feed'))).to.deep.equal(bytes)
    }
  })

  it('cuts the zeros that a power cut leaves after the end, or in place of the last record', async () => {
    await using folder = await temporaryFolder()
    const bytes = await writeFeed(folder.join('a.feed'))
    for (const zeros of [1, 7, 8, 9, 5_000]) {
      expect(await damaged(folder, Buffer.concat([bytes, Buffer.alloc(zeros)]))).to.deep.equal({ damage: 'torn tail', content: records })
      expect((await stat(folder.join('a.feed'))).size).to.equal(bytes.length)
      const half = Buffer.concat([bytes.subarray(0, (starts[2] ?? 0) + frameLength + 3), Buffer.alloc(zeros + 13)])
      expect(await damaged(folder, half)).to.deep.equal({ damage: 'torn tail', content: records.slice(0, 2) })
    }
  })

  it('keeps what is before a flipped bit in the middle, and copies the whole file first', async () => {
    await using folder = await temporaryFolder()
    const bytes = await writeFeed(folder.join('a.feed'))
    const second = starts[1] ?? 0
    for (const at of [second + 4, second + 7, second + frameLength, second + frameLength + 5]) {
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ 0x10
      expect(await damaged(folder, flipped), `byte ${at}`).to.deep.equal({ damage: 'damaged record', content: records.slice(0, 1) })
      expect(await readFile(folder.join('a.feed.damaged'))).to.deep.equal(flipped)
      expect(await openFeed(folder.join('a.feed'))).to.deep.equal({ damage: undefined, content: records.slice(0, 1) })
    }
  })

  it('takes a record that claims to be larger than any envelope for damage', async () => {
    await using folder = await temporaryFolder()
    const bytes = await writeFeed(folder.join('a.feed'))
    bytes.writeUInt32BE(1 << 30, starts[1] ?? 0)
    expect(await damaged(folder, bytes)).to.deep.equal({ damage: 'damaged record', content: records.slice(0, 1) })
  })

  it('refuses a newer format and a file that is none, and leaves both as they are', async () => {
    await using folder = await temporaryFolder()
    const bytes = await writeFeed(folder.join('a.feed'))
    bytes[9] = 2
    await writeFile(folder.join('newer.feed'), bytes)
    await writeFile(folder.join('other.feed'), 'something else altogether')
    await mkdir(folder.join('folder.feed'))
    expect(await codeOf(() => FeedFile.open(folder.join('newer.feed')))).to.equal('MESH_FORMAT_NEWER')
    expect(await codeOf(() => FeedFile.open(folder.join('other.feed')))).to.equal('MESH_DISK_FAILED')
    expect(await codeOf(() => FeedFile.open(folder.join('folder.feed')))).to.equal('MESH_DISK_FAILED')
    expect(await codeOf(() => FeedFile.open(folder.join('a.feed', 'b.feed')))).to.equal('MESH_DISK_FAILED')
    expect([await readFile(folder.join('newer.feed')), await readFile(folder.join('other.feed'), 'utf8')]).to.deep.equal([bytes, 'something else altogether'])
  })

  it('takes records back: at once in memory, on the disk with the next write', async () => {
    await using folder = await temporaryFolder()
    const { file } = await FeedFile.open(folder.join('a.feed'))
    file.append(records)
    file.truncate(5)
    expect(file.count).to.equal(3)
    file.truncate(1)
    const kept = contentOf(file)
    file.append([Uint8Array.of(7)])
    await file.sync()
    await file.close()
    expect([kept, await openFeed(folder.join('a.feed'))]).to.deep.equal([records.slice(0, 1), { damage: undefined, content: [records[0], Uint8Array.of(7)] }])
  })

  it('says so when it can be neither written nor synced, and counts nothing', async () => {
    await using folder = await temporaryFolder()
    const { file } = await FeedFile.open(folder.join('a.feed'))
    file.append(records)
    await file.close()
    expect([await codeOf(() => file.append(records)), await codeOf(() => file.sync()), file.count]).to.deep.equal(['MESH_DISK_FAILED', 'MESH_DISK_FAILED', 3])
  })

  it('copies the file before it cuts, whichever bit of a length in the middle is flipped', async () => {
    await using folder = await temporaryFolder()
    const bytes = await writeFeed(folder.join('a.feed'))
    for (let bit = 0; bit < 32; bit++) {
      const { damage } = await damaged(folder, bytes.map((byte, index) => index === headerLength + (bit >> 3) ? byte ^ (1 << (bit & 7)) : byte))
      expect([damage, await readdir(folder.path)], `bit ${bit}`).to.deep.equal(['damaged record', ['a.feed', 'a.feed.damaged']])
      await rm(folder.join('a.feed.damaged'))
    }
  })
})
