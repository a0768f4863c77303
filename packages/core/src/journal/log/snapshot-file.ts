import { MeshError } from '../../errors.ts'
import { crc32c } from '../../storage/crc32c.ts'
import type { Disk } from '../../storage/disk.ts'
import { formatVersion, isOfLaterFormat } from '../../storage/record-format.ts'

const magic = Buffer.from('AKSHISNAP')
const headerLength = magic.length + 1 + 4

/** Writes the bytes of a snapshot, whole or not at all: magic, version, CRC-32C (u32, big endian), the item. Durable when it resolves. */
export async function writeSnapshotFile (disk: Disk, path: string, item: Uint8Array): Promise<void> {
  const header = Buffer.alloc(headerLength)
  magic.copy(header)
  header[magic.length] = formatVersion
  header.writeUInt32BE(crc32c(item), magic.length + 1)
  await disk.replace(path, [header, item])
}

/**
 * The snapshot that was written; `undefined` when the file is missing or not as it was written.
 *
 * @throws MeshError `MESH_FORMAT_NEWER`, `MESH_DISK_FAILED` (it cannot be read).
 */
export async function readSnapshotFile (disk: Disk, path: string): Promise<Uint8Array | undefined> {
  const file = await disk.openExisting(path)
  if (file === undefined) return undefined
  try {
    const bytes = file.read(0, file.size)
    if (bytes.length < headerLength || !bytes.subarray(0, magic.length).equals(magic)) return undefined
    const version = bytes[magic.length] ?? 0
    if (isOfLaterFormat(bytes, magic.length)) throw new MeshError('MESH_FORMAT_NEWER', `${path} was written by a newer Akshi (format ${version}; this one knows ${formatVersion}). Update Akshi.`)
    const item = bytes.subarray(headerLength)
    return version === formatVersion && crc32c(item) === bytes.readUInt32BE(magic.length + 1) ? item : undefined
  } finally {
    await file.close()
  }
}
