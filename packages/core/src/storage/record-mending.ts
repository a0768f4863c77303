import { isMeshError } from '../errors.ts'
import { closeOnFailure } from './close-on-failure.ts'
import type { Disk } from './disk.ts'
import { header } from './record-format.ts'
import { RecordFile, type Damage, type RecordFileOptions } from './record-file.ts'

/**
 * As `RecordFile.open`, for whom a damaged beginning is damage as any other: the file is set aside (`<path>.damaged`), and
 * its records are kept.
 *
 * @throws MeshError `MESH_FORMAT_NEWER`, `MESH_DISK_FAILED` (the system's reasons only).
 */
export async function openRecords (disk: Disk, path: string, options: RecordFileOptions): Promise<{ file: RecordFile, damage: Damage | undefined }> {
  try {
    return await RecordFile.open(disk, path, options)
  } catch (error) {
    if (!isDamage(error)) throw error
    await giveHeader(disk, path)
    return { ...await RecordFile.open(disk, path, options), damage: 'damaged record' }
  }
}

/** True when an error says that what is on the disk is not what was written, rather than that it could not be read. */
export function isDamage (error: unknown): boolean {
  return !isMeshError(error, 'MESH_FORMAT_NEWER') && !(isMeshError(error, 'MESH_DISK_FAILED') && error.cause !== undefined)
}

async function giveHeader (disk: Disk, path: string): Promise<void> {
  const file = await disk.openExisting(path)
  if (file === undefined) return
  const bytes = await closeOnFailure(file, () => file.read(0, file.size))
  await file.close()
  await disk.replace(`${path}.damaged`, [bytes])
  await disk.replace(path, [header, bytes.subarray(header.length)])
}
