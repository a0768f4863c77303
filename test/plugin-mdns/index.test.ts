import { readFile } from 'node:fs/promises'
import { Checks, createIdentity, HttpRoutes, silentLogger, systemClock, systemRandom, type PluginCradle } from '@akshi/core'
import plugin from '@akshi/plugin-mdns'
import { expect } from 'chai'

describe('plugin-mdns', () => {
  it('adds a discovery, a service that watches links, a route and a check, and opens nothing until it is started', async () => {
    const httpRoutes = new HttpRoutes()
    const taps: string[] = []
    const cradle = {
      config: { interfaces: ['127.0.0.1'], port: 5353, interval_secs: 30 },
      settings: { home: '/nowhere', dashboard: { bind: '127.0.0.1' } },
      identity: createIdentity(),
      hooks: { onPeerDiscovered: { tap: (name: string) => taps.push(name) } },
      checks: new Checks(systemClock),
      httpRoutes,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger
    }
    const parts = plugin.setup(cradle as unknown as PluginCradle<typeof plugin.config>)
    expect([plugin.name, Object.keys(parts), taps, httpRoutes.find('/api/v1/mdns/status')?.access]).to.deep.equal(['mdns', ['service', 'discovery'], ['mdns'], 'local'])
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
