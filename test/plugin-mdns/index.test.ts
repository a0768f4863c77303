import { readFile } from 'node:fs/promises'
import { createIdentity, silentLogger, systemClock, systemRandom, type PluginCradle } from '@akshi/core'
import plugin from '@akshi/plugin-mdns'
import { expect } from 'chai'

describe('plugin-mdns', () => {
  it('adds a discovery, and opens nothing until it is started', async () => {
    const config = { interfaces: ['127.0.0.1'], port: 5353, interval_secs: 30 }
    const cradle = { config, identity: createIdentity(), clock: systemClock, random: systemRandom, logger: silentLogger }
    const parts = plugin.setup(cradle as unknown as PluginCradle<typeof plugin.config>)
    expect({ name: plugin.name, parts: Object.keys(parts) }).to.deep.equal({ name: 'mdns', parts: ['discovery'] })
    await parts.discovery?.stop()
  })

  it('documents each key of its configuration in its README', async () => {
    const readme = await readFile(new URL('../../packages/plugin-mdns/README.md', import.meta.url), 'utf8')
    for (const [key, schema] of Object.entries(plugin.config.properties)) {
      const { default: value, description } = schema as { default?: unknown, description?: string }
      const row = readme.split('\n').find((line) => line.startsWith(`| \`${key}\` |`))
      expect(row).to.include(`| \`${JSON.stringify(value)}\` | ${description} |`)
    }
  })
})
