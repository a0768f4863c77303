import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { loadConfig, type LoadConfigOptions, type LoadedConfig } from '../../packages/core/src/config.ts'
import { isMeshError, type MeshErrorCode } from '../../packages/core/src/errors.ts'

/** A folder of its own for one test, with these files in it; removed by `await using`. */
export async function createFolder (files: Readonly<Record<string, string>> = {}) {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'akshi-config-')))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true })
    await writeFile(join(path, name), text)
  }
  return {
    path,
    join: (...names: string[]) => join(path, ...names),
    /** Loads with this folder as working folder and `~`, unless told otherwise. */
    load: (options: Partial<LoadConfigOptions> = {}): Promise<LoadedConfig> => (
      loadConfig({ cwd: path, hostname: 'box.example.org', ...options, env: { HOME: path, ...options.env } })),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true })
  }
}

/** The code and the lines of what a promise rejects with. */
export async function failureOf (promise: Promise<unknown>): Promise<{ code: MeshErrorCode | string, lines: string[] }> {
  try {
    await promise
  } catch (error) {
    if (isMeshError(error)) return { code: error.code, lines: error.message.split('\n') }
    throw error
  }
  throw new Error('expected a rejection')
}
