import { definePlugin } from '@akshi/core'
import { FsConfig, parseFileMode, resolveDir } from './config.ts'
import { folderCheck } from './folder-check.ts'
import { FolderTransport } from './folder-transport.ts'

export { FsConfig } from './config.ts'
export { FolderTransport, type FolderOptions } from './folder-transport.ts'
export type { FolderWatch, Watch } from './folder-watchers.ts'

/** The plugin: one shared folder as a transport that reaches everybody who can read it. */
export default definePlugin({
  name: 'fs',
  apiVersion: 1,
  config: FsConfig,
  setup: ({ config, clock, random, logger, settings: { home, meshId }, identity, checks }) => {
    const folder = { dir: resolveDir(config.dir, home), meshId, fileMode: parseFileMode(config.file_mode), pollIntervalMs: config.poll_interval_secs * 1000 }
    checks.add('folder', folderCheck({ ...folder, temporaryName: () => `.doctor-${Buffer.from(random.bytes(8)).toString('hex')}` }))
    return { transport: new FolderTransport({ ...folder, own: identity.did, clock, random, logger }) }
  }
})
