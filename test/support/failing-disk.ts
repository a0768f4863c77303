import { open, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'

/** Makes the next fdatasync of this process fail as a full or broken disk does; the ones after it work again. */
export async function failNextSync (): Promise<void> {
  const sample = await open(tmpdir())
  const prototype = Object.getPrototypeOf(sample) as FileHandle
  await sample.close()
  const { datasync } = prototype
  prototype.datasync = async () => {
    prototype.datasync = datasync
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  }
}
