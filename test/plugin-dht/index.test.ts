import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import plugin from '@akshi/plugin-dht'
import { expect } from 'chai'

// A hook of Node's that notes whether any module of libp2p is resolved.
const watch = `
const { register } = await import('node:module')
const { MessageChannel } = await import('node:worker_threads')
const { port1, port2 } = new MessageChannel()
port1.on('message', () => { globalThis.libp2pIsLoaded = true }).unref()
register('data:text/javascript,' + encodeURIComponent("let port; export const initialize = (data) => { port = data }; export const resolve = (name, context, next) => { if (name.includes('libp2p')) port.postMessage(name); return next(name, context) }"), { data: port2, transferList: [port2] })
`
const load = `
const { default: plugin } = await import('@akshi/plugin-dht')
const { Checks, createIdentity, HttpRoutes, silentLogger, systemClock, systemRandom, configurePlugins } = await import('@akshi/core')
const [{ config }] = configurePlugins([{ plugin, config: {} }])
const settings = { name: 'a', home: '/nowhere', meshId: 'm' }
const { discovery } = plugin.setup({ config, settings, identity: createIdentity(), announcer: {}, httpRoutes: new HttpRoutes(), checks: new Checks(systemClock), clock: systemClock, random: systemRandom, logger: silentLogger })
await discovery.start(() => {}, new AbortController().signal)
await discovery.announce({})
const open = process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout/.test(kind))
await new Promise((resolve) => setTimeout(resolve, 50))
console.log(JSON.stringify({ open, loaded: globalThis.libp2pIsLoaded === true, withResolvers: typeof Promise.withResolvers }))
await discovery.stop()
`

describe('plugin-dht', () => {
  it('opens nothing and loads no libp2p while it is off, and gives Node what libp2p needs', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', import.meta.resolve('tsx/esm'), '--conditions=source', '--input-type=module', '-e', `${watch}${load}`], { cwd: new URL('../..', import.meta.url) })
    expect(JSON.parse(stdout)).to.deep.equal({ open: [], loaded: false, withResolvers: 'function' })
  })

  it('documents each key of its configuration in its README', async () => {
    const readme = await readFile(new URL('../../packages/plugin-dht/README.md', import.meta.url), 'utf8')
    for (const [key, schema] of Object.entries(plugin.config.properties)) {
      const { default: value, description } = schema as { default?: unknown, description?: string }
      const row = readme.split('\n').find((line) => line.startsWith(`| \`${key}\` |`))
      expect(row, key).to.include(`| \`${JSON.stringify(value)}\` | ${description} |`)
    }
  })
})
