import { basename } from 'node:path'
import type { Disk } from '../storage/disk.ts'
import { RecordFile } from '../storage/record-file.ts'
import { hasRecordAfter } from '../storage/record-scan.ts'
import { BadItem, type PlacedItem } from './verification.ts'
import type { Expected } from './verifier.ts'

/** What takes in the items of a unit. */
export interface Sink {
  /** Throws `BadItem`. */
  add (item: PlacedItem, expected: Expected): Promise<void>
  /** For what is no part of a feed: looks at form and signature alone. Throws `BadItem`. */
  open (item: PlacedItem, expected: Expected): void
  note (note: string): void
}

/**
 * The records of a file, up to its end or to what a crash leaves there, which the sink gets a note of. Changes nothing; none when
 * there is no file.
 *
 * @throws BadItem where a record is not what was written; MeshError `MESH_FORMAT_NEWER`, `MESH_DISK_FAILED`.
 */
export async function * recordsOf (disk: Disk, path: string, maxRecordBytes: number, sink: Pick<Sink, 'note'>): AsyncGenerator<PlacedItem> {
  const opened = await RecordFile.openReadOnly(disk, path, { maxRecordBytes })
  if (opened === undefined) return
  const { file, bad } = opened
  try {
    for (let record = 0; record < file.count; record++) yield { file: path, record, bytes: file.read(record) }
    if (bad === undefined) return
    if (await isDamage(disk, path, bad.offset, maxRecordBytes)) throw new BadItem(`it is damaged on disk: ${bad.reason}`, { file: path, record: bad.index })
    sink.note(`${basename(path)} ends with part of a record (${bad.reason}): a write that is under way, or that a crash cut short`)
  } finally {
    await file.close()
  }
}

/** Whether a bad record is more than an append that was cut short. */
async function isDamage (disk: Disk, path: string, offset: number, maxRecordBytes: number): Promise<boolean> {
  const file = await disk.openExisting(path)
  try {
    return file !== undefined && hasRecordAfter(file, offset + 1, maxRecordBytes)
  } finally {
    await file?.close()
  }
}
