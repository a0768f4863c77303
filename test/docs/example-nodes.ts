import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  createNode, definePlugin, ensureIdentity, homePaths, loadConfig, loadPlugins, NoConfig, silentLogger, type LoadedPlugin,
  type PeerView, type PluginObject, type Runtime
} from '@akshi/core'
import http from '@akshi/plugin-http'

const packages = new URL('../../packages/', import.meta.url)

/** A folder of its own for one test; removed by `await using`. */
export async function temporaryFolder () {
  const path = await mkdtemp(join(tmpdir(), 'akshi-example-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

/** Copies an example beside its dependencies, as `npm install` leaves them, and loads it by its path. */
export async function installExample (folder: string, name: string, config: object): Promise<LoadedPlugin> {
  await cp(new URL(`../../examples/${name}`, import.meta.url), folder, { recursive: true })
  await mkdir(join(folder, 'node_modules/@akshi'), { recursive: true })
  await symlink(fileURLToPath(new URL('core', packages)), join(folder, 'node_modules/@akshi/core'))
  const [loaded] = await loadPlugins([{ package: `./${name}.mjs`, config: { ...config } }], { configDir: folder })
  return loaded as LoadedPlugin
}

/** A node on a free port of loopback that trusts whoever is proven; not started. */
export async function makeNode (home: string, name: string, plugins: readonly PluginObject[]): Promise<Runtime> {
  await ensureIdentity(homePaths(home).key)
  const flags = { 'node.name': name, 'dashboard.port': 0, 'dashboard.bind': '127.0.0.1', 'mesh.trust': 'open' }
  const { config } = await loadConfig({ cwd: home, env: { HOME: home }, home, flags })
  return await createNode({ config, configDir: home, logger: silentLogger, plugins: [{ plugin: http as never }, ...plugins] })
}

/** A plugin that waits for the first peer. */
export function firstPeer (): { readonly plugin: PluginObject, readonly met: Promise<PeerView> } {
  const { promise, resolve } = withResolvers<PeerView>()
  const plugin = definePlugin({
    name: 'first-peer',
    apiVersion: 1,
    config: NoConfig,
    setup: ({ hooks }) => {
      hooks.onPeerDiscovered.tap('first-peer', resolve)
      return {}
    }
  })
  return { plugin: { plugin }, met: promise }
}

function withResolvers<Value> (): { promise: Promise<Value>, resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => {}
  const promise = new Promise<Value>((_resolve) => { resolve = _resolve })
  return { promise, resolve }
}
