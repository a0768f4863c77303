import { mkdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { commentedConfig, describeError, isMeshError, MeshError, type LoadedConfig } from '@akshi/core'
import type { Invocation } from './invocation.ts'

export interface ConfigWishes {
  readonly name?: string
  readonly port?: number
  /** For several nodes on one machine: nothing leaves it, and nothing comes in. */
  readonly loopback?: boolean
}

const loopback = '127.0.0.1'
const loopbackPlugins = [
  { package: '@akshi/plugin-http' },
  { package: '@akshi/plugin-fs' },
  { package: '@akshi/plugin-guard' },
  { package: '@akshi/plugin-mdns', config: { interfaces: [loopback] } }
]

/**
 * The configuration that applies to an invocation. If there is no file yet, a commented one is written first: where `-c`
 * says, else into the home. Resolves to the configuration and whether its file is new.
 *
 * @throws MeshError as `loadConfig`, and `MESH_DISK_FAILED`.
 */
export async function ensureConfig (invocation: Invocation, wishes: ConfigWishes): Promise<{ loaded: LoadedConfig, created: boolean }> {
  const found = await findConfig(invocation)
  if (found?.path !== undefined) return { loaded: found, created: false }
  const { options, io } = invocation
  const home = options.home ?? io.env.AKSHI_HOME_DIR
  const path = options.config === undefined ? join(found?.config.node.home ?? '', 'runtime.toml') : resolve(io.cwd, options.config)
  await writeNewFile(path, commentedConfig({
    name: wishes.name ?? found?.config.node.name ?? hostLabel(),
    ...(home === undefined ? {} : { home: resolve(io.cwd, home) }),
    ...(wishes.port === undefined ? {} : { port: wishes.port }),
    ...(wishes.loopback === true ? { bind: loopback, plugins: loopbackPlugins } : {})
  }))
  return { loaded: await invocation.loadConfig(), created: true }
}

/** Nothing when `-c` names a file that is not there yet. */
async function findConfig (invocation: Invocation): Promise<LoadedConfig | undefined> {
  try {
    return await invocation.loadConfig()
  } catch (error) {
    if (isMeshError(error, 'MESH_CONFIG_NOT_FOUND')) return undefined
    throw error
  }
}

async function writeNewFile (path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(path, text, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    throw new MeshError('MESH_DISK_FAILED', `Cannot write ${path}: ${describeError(cause)}. Check the folder's owner and free space.`, { cause })
  }
}

function hostLabel (): string {
  return hostname().split('.')[0]?.toLowerCase() ?? 'node'
}
