import { basename, dirname, join } from 'node:path'
import { MeshError } from '../errors.ts'
import type { Disk, DiskFile } from './disk.ts'
import { formatVersion, header, isOfLaterFormat, magic } from './record-format.ts'
import { hasRecordAfter, type Scan } from './record-scan.ts'

/**
 * What was wrong with a file when it was opened. `torn tail`: an append that a crash cut short, now gone. `damaged record`:
 * the disk changed what was written; it is gone with all after it, and the whole file is kept as a copy beside it.
 */
export type Damage = 'torn tail' | 'damaged record'

/**
 * `unfinished` when the file's maker died before its header was written: less than a header, or zeros in it.
 *
 * @throws MeshError `MESH_FORMAT_NEWER`, or `MESH_DISK_FAILED` for a file of something else.
 */
export function checkHeader (file: DiskFile, path: string): 'whole' | 'unfinished' {
  const found = file.read(0, header.length)
  if (found.equals(header)) return 'whole'
  if (file.size <= header.length && found.every((byte, at) => byte === 0 || byte === header[at])) return 'unfinished'
  if (isOfLaterFormat(file.read(0, header.length + 4), magic.length)) {
    const version = found[magic.length]
    throw new MeshError('MESH_FORMAT_NEWER', `${path} was written by a newer Akshi (format ${version}; this one knows ${formatVersion}). Update Akshi.`)
  }
  throw new MeshError('MESH_DISK_FAILED', `${path} is not a file of records, or its first bytes are damaged. Move it away; peers send again what was in it.`)
}

/** Begins the file anew. After a failure it is empty, so that nobody takes for written what is only in memory. */
export async function writeHeader (file: DiskFile): Promise<void> {
  file.truncate(0)
  try {
    file.write([header], 0)
    await file.sync()
  } catch (error) {
    file.truncate(0)
    throw error
  }
}

/** What stopped a scan, if anything did. */
export function damageOf (file: DiskFile, { end, bad }: Scan, maxRecordBytes: number): Damage | undefined {
  if (bad === undefined) return undefined
  return hasRecordAfter(file, end + 1, maxRecordBytes) ? 'damaged record' : 'torn tail'
}

/** Copies the file beside itself, under a name that is not taken. Throws `MESH_DISK_FAILED`. */
export async function keepCopy (disk: Disk, path: string, file: DiskFile): Promise<void> {
  const names = new Set(await disk.list(dirname(path)))
  let name = `${basename(path)}.damaged`
  for (let number = 2; names.has(name); number++) name = `${basename(path)}.damaged.${number}`
  await disk.replace(join(dirname(path), name), [file.read(0, file.size)])
}
