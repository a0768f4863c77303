import { resolve } from 'node:path'
import { definePlugin } from '@akshi/core'
import { Config } from './config.js'
import { FolderPlace } from './folder-place.js'
import { SharedTransport } from './shared-transport.js'

const name = '__name__'

/** The plugin: a folder as a transport that reaches everybody who can use it. */
export default definePlugin({
  name,
  apiVersion: 1,
  config: Config,
  setup: ({ config, settings: { home, meshId }, clock, random, logger }) => {
    const place = new FolderPlace({ dir: resolve(home, config.dir), intervalMs: config.interval_secs * 1000, clock, random, logger })
    return { transport: new SharedTransport({ name, meshId, place }) }
  }
})
