import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string
  join (...names: string[]): string
}

/** A folder of its own for one test; removed by `await using`. */
export async function temporaryFolder (): Promise<TemporaryFolder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'akshi-test-')))
  return {
    path,
    join: (...names) => join(path, ...names),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true })
  }
}
