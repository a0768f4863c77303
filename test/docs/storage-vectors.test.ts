import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { peekItem } from '@akshi/core'
import { readExportFile } from '../../packages/core/src/journal-tools/index.ts'
import { Parking } from '../../packages/core/src/journal/parking.ts'
import { ApplyingMark } from '../../packages/core/src/storage/applying-mark.ts'
import { crc32c } from '../../packages/core/src/storage/crc32c.ts'
import { systemDisk } from '../../packages/core/src/storage/system-disk.ts'
import { fromHex, hex } from '../vectors/material.ts'
import { temporaryStore, type Store } from '../vectors/stores.ts'
import { readVectors } from './vector-files.ts'

const vectors = readVectors('storage')
const { mesh, journal, origin, envelopes } = readVectors('feed')
const state = readVectors('state')
const nameOf = (id: Uint8Array) => envelopes.find((each) => each.id === hex(id))?.name

describe('the vectors of storage', () => {
  let store: Store
  beforeEach(async () => { store = await temporaryStore() })
  afterEach(async () => await store[Symbol.asyncDispose]())

  async function lay (folder: string, files: Readonly<Record<string, string>>): Promise<void> {
    await mkdir(join(store.folder, folder))
    for (const [name, content] of Object.entries(files)) await writeFile(join(store.folder, folder, name), content, 'hex')
  }

  it('are the files of a log, which open as what they were and stay as they are', async () => {
    await lay('log', vectors.log)
    const feed = await store.openLog()
    const served = []
    for await (const { bytes } of feed.serve([], [], { maxEnvelopes: 1000 })) served.push(hex(bytes))
    const opened = { tips: feed.state.tips.map(({ id }) => nameOf(id)), entries: feed.count, served, damages: store.damages }
    await feed.close()
    expect(opened).to.deep.equal({ tips: ['fourth'], entries: 7, served: vectors.items, damages: [] })
    expect(await store.read('log')).to.deep.equal(vectors.log)
  })

  it('are files of a state, which open as what they were', async () => {
    await lay('state', vectors.state)
    const opened = await store.openState()
    const found = { value: opened.value, heads: opened.heads.map(hex) }
    await opened.close()
    expect(found).to.deep.equal({ value: state.value, heads: state.heads })
  })

  it('are records: a header, and before each its length and its CRC-32C', () => {
    for (const file of [vectors.log['segments.index'], vectors.parked, ...Object.values(vectors.state)]) {
      const bytes = Buffer.from(file ?? '', 'hex')
      expect(bytes.toString('latin1', 0, 9)).to.equal('AKSHIREC\x01')
      let at = 9
      for (let length = 0; at < bytes.length; at += 8 + length) {
        length = bytes.readUInt32BE(at)
        expect(crc32c(bytes.subarray(at + 8, at + 8 + length))).to.equal(bytes.readUInt32BE(at + 4))
      }
      expect(at).to.equal(bytes.length)
    }
  })

  it('are a parking lot with the one item that still waits', async () => {
    const path = join(store.folder, 'parked')
    await writeFile(path, vectors.parked, 'hex')
    const parking = await Parking.open(systemDisk, path, { meshId: mesh, durability: 'os' })
    const { summary } = parking
    await parking.close()
    const bytes = (envelopes.find(({ name }) => name === 'backup')?.bytes.length ?? 0) / 2
    expect(summary).to.deep.equal([{ origin, part: 'log', why: 'trust', items: 1, bytes }])
  })

  it('are a mark that has one envelope in quarantine', async () => {
    const path = join(store.folder, 'mark')
    await writeFile(path, vectors.applying)
    const mark = await ApplyingMark.open(systemDisk, path)
    const found = [...mark.quarantined]
    await mark.close()
    expect(found).to.deep.equal([envelopes.find(({ name }) => name === 'backup')?.id])
    expect(await readFile(path, 'utf8')).to.equal(vectors.applying)
  })

  it('are an export that reads as the items that went in', async () => {
    const path = join(store.folder, 'export')
    await writeFile(path, vectors.exportFile, 'hex')
    const { header, items } = await readExportFile(path)
    const found = []
    for await (const { bytes } of items()) found.push(hex(bytes))
    expect([header, found]).to.deep.equal([{ mesh, journal, exportedAt: '2023-11-14T22:13:20.000Z' }, vectors.items])
  })

  it('name the files of a shared folder by what was signed', () => {
    const sha = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32)
    const folder = [sha(`akshi-mesh/folder/v1\0${mesh}`), sha(`akshi-mesh/folder/v1\0${mesh}\0${journal}`), origin.slice(8)].join('/')
    expect(vectors.sharedFolder).to.deep.equal(vectors.items.map((item) => {
      const { kind, envelope: { header: { seq }, id } } = peekItem(fromHex(item), mesh)
      return `${folder}/${String(seq).padStart(12, '0')}-${hex(id).slice(0, 32)}.${kind === 'snapshot' ? 'snap' : 'env'}`
    }))
  })
})
