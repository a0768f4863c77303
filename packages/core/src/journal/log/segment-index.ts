import { CborReader, encodeCbor } from '../../cbor.ts'
import { SerialQueue } from '../../serial-queue.ts'
import type { Disk, Durability } from '../../storage/disk.ts'
import type { Damage, RecordFile } from '../../storage/record-file.ts'
import type { Tip } from '../../transport.ts'
import { openRecords } from '../../storage/record-mending.ts'

/** A point of a path: an envelope, the head of its segment document after it, and the entries of the path up to it. */
export interface Point extends Tip {
  readonly head: Uint8Array
  readonly entries: number
}

/** A segment as the index has it. */
export interface SegmentRow {
  /** Base name of its files. */
  readonly name: string
  readonly number: number
  /** Where it goes on from; none for a first segment. Without an id when its predecessor was never here. */
  readonly after: { readonly seq: number, readonly entries: number, readonly head: Uint8Array | undefined }
  /** How much of it another segment of the same place holds too: up to which envelope, how many entries, and its name. */
  readonly shared: { readonly seq: number, readonly entries: number, readonly with: string | undefined }
  /** The envelope that proves the snapshot file; none while there is no such file. */
  readonly base: Point | undefined
}

const read = new CborReader('MESH_DISK_FAILED', 'The index of a feed')
const maxRowBytes = 4096

/** The list of a feed's segments on disk: a record for each new or changed segment, the last one of a name counts. */
export class SegmentIndex {
  readonly #file: RecordFile
  readonly #queue = new SerialQueue()

  private constructor (file: RecordFile) {
    this.#file = file
  }

  /** Opens or makes the index. Throws `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`. */
  static async open (disk: Disk, path: string, durability: Durability): Promise<{ index: SegmentIndex, rows: readonly SegmentRow[], damage: Damage | undefined }> {
    const { file, damage } = await openRecords(disk, path, { maxRecordBytes: maxRowBytes, durability })
    const rows = new Map<string, SegmentRow>()
    for (let at = 0; at < file.count; at++) {
      const row = decodeRow(file.read(at))
      if (typeof row === 'string') rows.delete(row)
      else rows.set(row.name, row)
    }
    return { index: new SegmentIndex(file), rows: [...rows.values()], damage }
  }

  /** Resolves when the row is on disk. Throws `MESH_DISK_FAILED`, and the row is not there then. */
  put (row: SegmentRow): Promise<void> {
    return this.#append(encodeRow(row))
  }

  /** Takes a segment out of the list. As `put`. */
  remove (name: string): Promise<void> {
    return this.#append(encodeCbor([name]))
  }

  close (): Promise<void> {
    return this.#queue.run(() => this.#file.close())
  }

  #append (record: Uint8Array): Promise<void> {
    return this.#queue.run(async () => {
      const { count } = this.#file
      try {
        this.#file.append([record])
        await this.#file.sync()
      } catch (error) {
        this.#file.truncate(count)
        throw error
      }
    })
  }
}

function encodeRow ({ name, number, after, shared, base }: SegmentRow): Uint8Array {
  return encodeCbor([
    name, number, [after.seq, after.entries, ...after.head === undefined ? [] : [after.head]], [shared.seq, shared.entries, ...shared.with === undefined ? [] : [shared.with]],
    base === undefined ? [] : [base.seq, base.id, base.head, base.entries]
  ])
}

/** A row, or the name of a segment that is taken out. */
function decodeRow (bytes: Uint8Array): SegmentRow | string {
  const fields = read.list(read.decode(bytes), 'a row', 5)
  if (fields.length === 1) return read.text(fields[0], 'name', 64)
  const [name, number, after, shared, base] = read.tuple(fields, 'a row', 5)
  const [afterSeq, afterEntries, head] = read.list(after, 'after', 3)
  const [sharedSeq, sharedEntries, sharer] = read.list(shared, 'shared', 3)
  return {
    name: read.text(name, 'name', 64),
    number: read.uint(number, 'number'),
    after: { seq: read.uint(afterSeq, 'seq'), entries: read.uint(afterEntries, 'entries'), head: head === undefined ? undefined : read.bytes(head, 'head', 32) },
    shared: { seq: read.uint(sharedSeq, 'seq'), entries: read.uint(sharedEntries, 'entries'), with: sharer === undefined ? undefined : read.text(sharer, 'name', 64) },
    base: decodePoint(read.list(base, 'base', 4))
  }
}

function decodePoint ([seq, id, head, entries]: readonly unknown[]): Point | undefined {
  if (seq === undefined) return undefined
  return { seq: read.uint(seq, 'seq'), id: read.bytes(id, 'id', 32), head: read.bytes(head, 'head', 32), entries: read.uint(entries, 'entries') }
}
