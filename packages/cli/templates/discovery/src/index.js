import { resolve } from 'node:path'
import { definePlugin } from '@akshi/core'
import { Config } from './config.js'
import { FolderRegistry } from './folder-registry.js'
import { RegistryDiscovery } from './registry-discovery.js'

/** The plugin: a folder in which nodes write down where they are. */
export default definePlugin({
  name: '__name__',
  apiVersion: 1,
  config: Config,
  setup: ({ config, settings: { home }, identity: { did }, clock, random, logger }) => {
    const registry = new FolderRegistry({ dir: resolve(home, config.dir), random })
    return { discovery: new RegistryDiscovery({ registry, did, intervalMs: config.interval_secs * 1000, clock, logger }) }
  }
})
