import { FaultyDisk } from '@akshi/testkit'
import { RecordFile, type Damage } from '../../../packages/core/src/storage/record-file.ts'
import type { Disk, Durability } from '../../../packages/core/src/storage/disk.ts'

export const headerLength = 9
export const frameLength = 8
export const path = '/feeds/a.log'
export const maxRecordBytes = 4096

export const records = ['first record', 'second', 'the third record'].map((text) => Uint8Array.from(Buffer.from(text)))
/** Records of many sizes, some longer than a page of the disk. */
export const varied = [1, 20, 600, 3, 1_500, 512, 40, 700, 9].map((size, index) => new Uint8Array(size).fill(index + 1))
/** Where each record's frame begins, and the end. */
export const starts = records.reduce((ends, { length }) => [...ends, (ends.at(-1) ?? 0) + frameLength + length], [headerLength])

export async function openRecords (disk: Disk, durability: Durability = 'fsync', at = path): Promise<{ file: RecordFile, damage: Damage | undefined }> {
  return await RecordFile.open(disk, at, { maxRecordBytes, durability })
}

export function contentOf (file: Pick<RecordFile, 'count' | 'read'>): Uint8Array[] {
  return Array.from({ length: file.count }, (_, index) => Uint8Array.from(file.read(index)))
}

/** What opening the file finds, and what it then holds. */
export async function found (disk: Disk): Promise<{ damage: Damage | undefined, content: Uint8Array[] }> {
  const { file, damage } = await openRecords(disk)
  const content = contentOf(file)
  await file.close()
  return { damage, content }
}

/** A disk on which a program wrote and synced these records. */
export async function diskWith (content: readonly Uint8Array[] = records): Promise<FaultyDisk> {
  const disk = new FaultyDisk()
  await disk.makeFolder('/feeds')
  const { file } = await openRecords(disk)
  if (content.length > 0) file.append(content)
  await file.sync()
  await file.close()
  return disk
}

/** A disk with a file of these bytes. */
export function diskHolding (bytes: Uint8Array): FaultyDisk {
  const disk = new FaultyDisk()
  disk.place(path, bytes)
  return disk
}
