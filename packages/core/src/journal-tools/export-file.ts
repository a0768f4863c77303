import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { CborReader, encodeCbor } from '../cbor.ts'
import { isMeshError, MeshError } from '../errors.ts'
import { isJournalName } from '../journal-name.ts'
import { splitItems } from '../snapshot.ts'
import { diskFailed } from '../storage/disk-error.ts'
import { systemDisk } from '../storage/system-disk.ts'
import { invalid, readValues, type PlacedValue } from './value-stream.ts'
import type { PlacedItem } from './verification.ts'

/** What an export file says about itself. */
export interface ExportHeader {
  readonly mesh: string
  readonly journal: string
  /** ISO 8601. */
  readonly exportedAt: string
}

/** An export file that begins as one does. */
export interface ExportFile {
  readonly header: ExportHeader
  /** Its items in order; each call reads the file anew, and only the end of the file shows that it is whole. */
  items (): AsyncGenerator<PlacedItem>
}

const magic = Buffer.from('akshi-journal\n')
const format = 'akshi-journal'
const version = 1
const chunkBytes = 1 << 20
const firstOfMap = 0xa2
const read = new CborReader('MESH_ENVELOPE_INVALID', 'The export file')

/**
 * Writes one portable file: a line, then a CBOR sequence of header, items and trailer (their number, and the SHA-256 of all
 * before it). Items are taken as they come, never held together. The file is there, whole and on disk, when this resolves;
 * otherwise nothing is. An older file of that name is replaced.
 *
 * @throws MeshError `MESH_DISK_FAILED`; what `items` throws; the signal's reason.
 */
export async function writeExportFile (path: string, header: ExportHeader, items: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<{ readonly items: number, readonly bytes: number }> {
  const temporary = `${path}.new`
  const file = createWriteStream(temporary, { mode: 0o600, highWaterMark: chunkBytes, flush: true })
  let count = 0
  try {
    const counted = (async function * () { for await (const item of items) { count++; yield item } })()
    await pipeline(frame(header, counted), file, signal === undefined ? {} : { signal })
    await systemDisk.rename(temporary, path)
    return { items: count, bytes: file.bytesWritten }
  } catch (cause) {
    await systemDisk.remove(temporary).catch(() => {})      // whatever went wrong is said below
    signal?.throwIfAborted()
    throw diskFailed(`write ${path}`, cause)
  }
}

/**
 * Opens an export file and reads its header.
 *
 * @throws MeshError `MESH_REQUEST_INVALID` for a file of something else, `MESH_FORMAT_NEWER`, `MESH_ENVELOPE_INVALID` for a
 * damaged one, `MESH_DISK_FAILED`. `items` throws the last two, saying where, in the course of the reading.
 */
export async function readExportFile (path: string): Promise<ExportFile> {
  const values = valuesOf(path)
  try {
    const { value } = await values.next()
    if (value === undefined) throw foreign(path)
    return { header: readHeader(path, value.bytes), items: () => itemsOf(path) }
  } finally {
    await values.return(undefined)
  }
}

async function * frame (header: ExportHeader, items: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let count = 0
  const { mesh, journal, exportedAt } = header
  const start = Buffer.concat([magic, encodeCbor(new Map<string, unknown>([['format', format], ['v', version], ['mesh', mesh], ['journal', journal], ['exported_at', exportedAt]]))])
  hash.update(start)
  yield start
  for await (const item of items) {
    count++
    hash.update(item)
    yield item
  }
  yield encodeCbor(new Map<string, unknown>([['items', count], ['sha256', new Uint8Array(hash.digest())]]))
}

async function * itemsOf (file: string): AsyncGenerator<PlacedItem> {
  const hash = createHash('sha256').update(magic)
  let record = -1
  let isWhole = false
  for await (const { offset, bytes } of valuesOf(file)) {
    if (isWhole) throw invalid(`${file} goes on after its end, at byte ${offset}`)
    isWhole = record >= 0 && bytes[0] === firstOfMap
    if (isWhole) checkTrailer(file, bytes, record, hash.digest())
    else hash.update(bytes)
    if (!isWhole && record >= 0) yield { file, record, bytes: checkShape(file, record, offset, bytes) }
    record++
  }
  if (!isWhole) throw invalid(`${file} is cut short: it ends after ${Math.max(0, record)} items, without its last part. Export it again`)
}

/** The values of the file, with errors that name it. */
async function * valuesOf (path: string): AsyncGenerator<PlacedValue> {
  try {
    yield * readValues(afterMagic(path), magic.length)
  } catch (cause) {
    if (isMeshError(cause, 'MESH_ENVELOPE_INVALID') && !cause.message.includes(path)) throw invalid(`${path} is damaged: ${cause.message.replace(/\.$/, '')}`, cause)
    throw diskFailed(`read ${path}`, cause)
  }
}

async function * afterMagic (path: string): AsyncGenerator<Uint8Array> {
  let start: Buffer = Buffer.alloc(0)
  for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>) {
    if (start.length >= magic.length) yield chunk
    else {
      start = Buffer.concat([start, chunk])
      if (!start.subarray(0, magic.length).equals(magic.subarray(0, start.length))) throw foreign(path)
      if (start.length > magic.length) yield start.subarray(magic.length)
    }
  }
  if (start.length < magic.length) throw foreign(path)
}

function readHeader (path: string, bytes: Uint8Array): ExportHeader {
  const fields = read.map(read.decode(bytes), 'its header')
  const v = read.uint(fields.get('v'), 'v')
  if (v > version) throw new MeshError('MESH_FORMAT_NEWER', `${path} was written by a newer Akshi (format ${v}; this one knows ${version}). Update Akshi.`)
  const journal = read.text(fields.get('journal'), 'journal', 64)
  if (fields.get('format') !== format || !isJournalName(journal)) throw foreign(path)
  return { mesh: read.text(fields.get('mesh'), 'mesh', 1024), journal, exportedAt: read.text(fields.get('exported_at'), 'exported_at', 64) }
}

function checkTrailer (path: string, bytes: Uint8Array, items: number, hash: Buffer): void {
  const fields = read.map(read.decode(bytes), 'its last part')
  const count = read.uint(fields.get('items'), 'items')
  if (count !== items) throw invalid(`${path} was altered: it has ${items} items and says ${count}`)
  if (!hash.equals(read.bytes(fields.get('sha256'), 'sha256', 32))) throw invalid(`${path} was altered: its bytes are not those that were exported (SHA-256)`)
}

function checkShape (path: string, record: number, offset: number, bytes: Uint8Array): Uint8Array {
  try {
    splitItems(bytes)
    return bytes
  } catch (cause) {
    throw invalid(`${path} is damaged: record ${record}, at byte ${offset}, is neither an envelope nor a snapshot`, cause)
  }
}

function foreign (path: string): MeshError {
  return new MeshError('MESH_REQUEST_INVALID', `${path} is not the export of a journal. Give a file that "akshi journal export" made.`)
}
