import { isMeshError } from '../errors.ts'
import { maxItemBytes } from '../snapshot.ts'
import type { Disk, Durability } from '../storage/disk.ts'
import { RecordFile } from '../storage/record-file.ts'
import { frameLength, frameOf, header } from '../storage/record-format.ts'
import { decodeParkingRecord, encodeParkingRecord, type ParkingRecord } from './parking-record.ts'

/** What each item takes in the file besides its own bytes. */
export const itemOverhead = frameLength + 1

/**
 * The file of a parking lot. A disk that fails is said by the result: nothing here has to be kept, for whoever sent it
 * still has it. So nothing is synced either; what is written survives the death of the process.
 */
export class ParkingFile {
  readonly #disk: Disk
  readonly #durability: Durability
  #file: RecordFile

  private constructor (disk: Disk, durability: Durability, file: RecordFile) {
    this.#disk = disk
    this.#durability = durability
    this.#file = file
  }

  /** Opens or makes the file; one that is not what it should be is begun anew. Throws `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`. */
  static async open (disk: Disk, path: string, durability: Durability): Promise<ParkingFile> {
    try {
      return new ParkingFile(disk, durability, await openRecords(disk, path, durability))
    } catch (error) {
      if (!isMeshError(error, 'MESH_DISK_FAILED')) throw error
      await disk.remove(path)
      return new ParkingFile(disk, durability, await openRecords(disk, path, durability))
    }
  }

  /** Records in the file. */
  get count (): number { return this.#file.count }

  /** Length of the file. */
  get bytes (): number { return this.#file.bytes }

  /** Whether the records were written: all of them or none. */
  append (records: readonly ParkingRecord[]): boolean {
    return unlessDiskFails(() => {
      this.#file.append(records.map(encodeParkingRecord))
      return true
    }) === true
  }

  /** `undefined` for one that cannot be read any more. */
  read (index: number): ParkingRecord | undefined {
    return unlessDiskFails(() => decodeParkingRecord(this.#file.read(index)))
  }

  /** Puts these in place of all records. Resolves to whether that was done; else the file goes on as it is. */
  async rewrite (records: readonly ParkingRecord[]): Promise<boolean> {
    const before = this.#file
    try {
      const parts = records.map(encodeParkingRecord).flatMap((record) => [frameOf(record), record])
      await this.#disk.replace(before.path, [header, ...parts])
      this.#file = await openRecords(this.#disk, before.path, this.#durability)
    } catch (error) {
      if (!isMeshError(error, 'MESH_DISK_FAILED')) throw error
      return false
    }
    await before.close()
    return true
  }

  async close (): Promise<void> {
    await this.#file.close()
  }
}

async function openRecords (disk: Disk, path: string, durability: Durability): Promise<RecordFile> {
  return (await RecordFile.open(disk, path, { maxRecordBytes: maxItemBytes + 1, durability })).file
}

function unlessDiskFails<Result> (task: () => Result): Result | undefined {
  try {
    return task()
  } catch (error) {
    if (isMeshError(error, 'MESH_DISK_FAILED')) return undefined
    throw error
  }
}
