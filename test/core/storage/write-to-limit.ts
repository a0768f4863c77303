/**
 * For system-disk.test.ts: writes 1,000 bytes across the limit on the size of files, which is 1 or 2 MiB as this shell
 * counts, and prints what became of the write and the size of the file.
 */
import { stat } from 'node:fs/promises'
import { systemDisk } from '../../../packages/core/src/storage/disk.ts'

const path = process.argv[2] ?? ''
const file = await systemDisk.open(path)
for (const limit of [1 << 20, 2 << 20]) {
  let outcome = 'written'
  try {
    file.write([Buffer.alloc(400), Buffer.alloc(600)], limit - 500)
  } catch (error) {
    outcome = error instanceof Error && 'code' in error ? String(error.code) : 'another error'
  }
  const { size } = await stat(path)
  console.log(`${limit >> 20} MiB: ${outcome}, ${size >= limit + 500 ? 'all' : 'not all'} there`)
}
await file.close()
