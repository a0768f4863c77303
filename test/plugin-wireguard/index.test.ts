import { readFile } from 'node:fs/promises'
import { Checks, HttpRoutes, Tunnels, silentLogger, systemClock, systemRandom, type Announcement, type PluginCradle } from '@akshi/core'
import plugin from '@akshi/plugin-wireguard'
import { seededIdentity } from '@akshi/testkit'
import { expect } from 'chai'

describe('plugin-wireguard', () => {
  it('adds a service and a discovery, opens nothing until it is started, and announces no key that it does not have', async () => {
    let tap: ((announcement: Announcement) => Announcement) | undefined
    const hooks = { assembleAnnouncement: { tap: (_: string, added: typeof tap) => { tap = added } }, onPeerDiscovered: { tap: () => {} } }
    const config = { interface: 'akshi0', listen_port: 51_820, mtu: 1_420, keepalive_secs: 25 }
    const cradle = {
      config, hooks, checks: new Checks(systemClock), settings: { home: '/nowhere' }, identity: seededIdentity(1), tunnels: new Tunnels(), httpRoutes: new HttpRoutes(), clock: systemClock, random: systemRandom, logger: silentLogger
    }
    const { service, discovery, ...others } = plugin.setup(cradle as unknown as PluginCradle<typeof plugin.config>)
    const announcement = { capabilities: ['journal'], extra: {} } as unknown as Announcement
    expect([others, service !== undefined, discovery !== undefined, tap?.(announcement)]).to.deep.equal([{}, true, true, announcement])
    await discovery?.stop()
    await service?.stop()
  })

  it('documents each key of its configuration in its README', async () => {
    const readme = await readFile(new URL('../../packages/plugin-wireguard/README.md', import.meta.url), 'utf8')
    for (const [key, schema] of Object.entries(plugin.config.properties)) {
      const { default: value, description } = schema as { default?: unknown, description?: string }
      const row = readme.split('\n').find((line) => line.startsWith(`| \`${key}\` |`))
      expect(row).to.include(`| \`${JSON.stringify(value)}\` | ${description} |`)
    }
  })
})
