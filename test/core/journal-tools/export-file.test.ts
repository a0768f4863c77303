import { readdir, readFile, writeFile } from 'node:fs/promises'
import { MeshError } from '@akshi/core'
import { expect } from 'chai'
import fc from 'fast-check'
import { encodeCbor } from '../../../packages/core/src/cbor.ts'
import { readExportFile, writeExportFile } from '../../../packages/core/src/journal-tools/export-file.ts'
import { readItems } from '../../../packages/core/src/journal-tools/value-stream.ts'
import { maxItemBytes } from '../../../packages/core/src/snapshot.ts'
import { codeOf, failureOf } from '../../support/failures.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { Home, placed } from './journal-fixture.ts'

const header = { mesh: 'tools', journal: 'notes', exportedAt: '2026-01-01T00:00:00.000Z' }
const line = Buffer.from('akshi-journal\n')

async function * stream (parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> { yield * parts }

async function collect<Item> (items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

async function makeItems (): Promise<Uint8Array[]> {
  await using home = await Home.open()
  await home.append(70, 1)
  await (await home.notes()).change((draft) => { draft.x = 1 })
  return await home.items()
}

/** Reads all of a file; the error's code and message if there is one. */
async function readAll (path: string): Promise<string> {
  const error = await failureOf(async () => collect((await readExportFile(path)).items()))
  return error instanceof MeshError ? `${error.code}: ${error.message}` : String(error)
}

describe('export files', () => {
  let items: Uint8Array[]
  before(async () => { items = await makeItems() })

  it('give back what was put into them, as often as they are read', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('notes.akshi-journal')
    const { items: count, bytes } = await writeExportFile(path, header, stream(items))
    const file = await readExportFile(path)
    expect([count, bytes, file.header, await readdir(folder.path)]).to.deep.equal([items.length, (await readFile(path)).length, header, ['notes.akshi-journal']])
    for (let round = 0; round < 2; round++) expect(await collect(file.items())).to.deep.equal((await collect(placed(items, path))).map((each) => ({ ...each, bytes: Buffer.from(each.bytes) })))
  })

  it('may hold nothing', async () => {
    await using folder = await temporaryFolder()
    await writeExportFile(folder.join('x'), header, stream([]))
    expect(await collect((await readExportFile(folder.join('x'))).items())).to.deep.equal([])
  })

  it('are refused when they are cut, wherever that is', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('x')
    await writeExportFile(path, header, stream(items))
    const whole = await readFile(path)
    const lengths = [0, 5, 14, 15, 60, ...Array.from({ length: 40 }, (_, index) => whole.length - 1 - index), ...Array.from({ length: 20 }, (_, index) => Math.floor(whole.length * index / 20))]
    const ends = items.reduce<number[]>((all, { length }) => [...all, (all.at(-1) ?? 0) + length], [whole.length - items.reduce((sum, { length }) => sum + length, 0) - 50])
    for (const length of [...lengths, ...ends]) {
      await writeFile(path, whole.subarray(0, length))
      expect(await readAll(path), `${length} of ${whole.length}`).to.match(/^MESH_(ENVELOPE|REQUEST)_INVALID: .*\/x /)
    }
  })

  it('are refused when a bit is turned, wherever that is', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('x')
    await writeExportFile(path, header, stream(items))
    const whole = await readFile(path)
    for (const at of whole.keys()) {
      if (at % 97 !== 0 && at > 200 && at < whole.length - 70) continue
      for (const bit of new Set([0, at % 8])) {
        const altered = Buffer.from(whole)
        altered[at] = (altered[at] ?? 0) ^ 1 << bit
        await writeFile(path, altered)
        expect(await readAll(path), `${at} of ${whole.length}`).to.match(/^MESH_(ENVELOPE_INVALID|REQUEST_INVALID|FORMAT_NEWER): /)
      }
    }
  })

  it('say where they are damaged', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('x')
    await writeExportFile(path, header, stream(items.slice(0, 2)))
    const whole = await readFile(path)
    await writeFile(path, whole.subarray(0, -10))
    expect(await readAll(path)).to.match(/x is damaged: It is cut short in the value that begins at byte \d+\.$/)
    await writeFile(path, whole.subarray(0, -45))
    expect(await readAll(path)).to.match(/x is (cut short|damaged)/)
    await writeFile(path, Buffer.concat([whole, items[0] as Uint8Array]))
    expect(await readAll(path)).to.match(new RegExp(`x goes on after its end, at byte ${whole.length}\\.$`))
    await writeExportFile(path, header, stream([items[0] as Uint8Array, encodeCbor([1, 2]), items[1] as Uint8Array]))
    expect(await readAll(path)).to.match(/x is damaged: record 1, at byte \d+, is neither an envelope nor a snapshot\.$/)
  })

  it('are told from files of something else, and from those of a newer version', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('x')
    const fields = (v: number, format = 'akshi-journal', journal = 'notes') => Buffer.concat([line, encodeCbor(new Map<string, unknown>(Object.entries({ format, v, mesh: 'm', journal, exported_at: '' })))])
    const texts = ['', 'hello', line, fields(1, 'other'), fields(1, 'akshi-journal', '../x'), fields(2), Buffer.concat([line, encodeCbor([1])])]
    const codes = []
    for (const text of texts) {
      await writeFile(path, text)
      codes.push(await codeOf(() => readExportFile(path)))
    }
    expect([codes, await codeOf(() => readExportFile(folder.join('none')))]).to.deep.equal([
      ['MESH_REQUEST_INVALID', 'MESH_REQUEST_INVALID', 'MESH_REQUEST_INVALID', 'MESH_REQUEST_INVALID', 'MESH_REQUEST_INVALID', 'MESH_FORMAT_NEWER', 'MESH_ENVELOPE_INVALID'], 'MESH_DISK_FAILED'
    ])
  })

  it('leave nothing behind, and the older file as it was, when they cannot be written whole', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('x')
    await writeFile(path, 'older')
    const failing = async function * () { yield items[0] as Uint8Array; throw new MeshError('MESH_NOT_RUNNING', 'gone') }
    const stop = new AbortController()
    const endless = async function * () { for (;;) { yield items[0] as Uint8Array; stop.abort() } }
    expect([
      await codeOf(() => writeExportFile(path, header, failing())), await failureOf(() => writeExportFile(path, header, endless(), stop.signal)),
      await codeOf(() => writeExportFile(folder.join('no', 'such', 'x'), header, stream(items))), await readdir(folder.path), await readFile(path, 'utf8')
    ]).to.deep.equal(['MESH_NOT_RUNNING', stop.signal.reason, 'MESH_DISK_FAILED', ['x'], 'older'])
  })

  it('are read as a stream: items come whole however the bytes are cut', async () => {
    const some = items.slice(0, 6)
    const bytes = Buffer.concat(some)
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 12 }), async (cuts) => {
      const places = [0, ...cuts.sort((a, b) => a - b), bytes.length]
      const parts = places.slice(1).map((end, index) => bytes.subarray(places[index], end))
      expect(Buffer.concat(await collect(readItems(stream(parts)))).equals(bytes)).to.equal(true)
      expect((await collect(readItems(stream(parts)))).length).to.equal(some.length)
    }), { numRuns: 100 })
  })

  it('never make the reader hold more than an item may have, nor take what belongs into no journal', async () => {
    const bomb = Buffer.from([0x5a, 0x7f, 0xff, 0xff, 0xff])
    const nested = Buffer.alloc(1000, 0x81)
    const many = Buffer.from([0x9a, 0xff, 0xff, 0xff, 0xff, ...Array<number>(200).fill(0)])
    const messages = []
    for (const bytes of [bomb, nested, many, Buffer.from([0xf6]), Buffer.from([0x5f]), Buffer.from([0x5b, 0, 0, 0, 0, 0, 0, 0, 1])]) messages.push(String(await failureOf(() => collect(readItems(stream([bytes]))))))
    expect(messages).to.deep.equal([
      `MeshError: What begins at byte 0 has more than ${maxItemBytes} bytes.`, ...['64', '68', '0', '0', '0'].map((at) => `MeshError: What stands at byte ${at} is nothing that belongs into a journal.`)
    ])
  })
})
