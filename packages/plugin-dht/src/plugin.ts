import './polyfill.ts'
import { definePlugin } from '@akshi/core'
import { AddressPolicy, isLoopbackHost } from './address-policy.ts'
import { parseBootstrap, parseExternal } from './bootstrap-address.ts'
import { DhtConfig } from './config.ts'
import { addDhtChecks } from './dht-checks.ts'
import { DhtDiscovery } from './dht-discovery.ts'
import { dhtRoutes } from './dht-routes.ts'
import { KnownNodesFile } from './known-nodes-file.ts'
import { publishedPart } from './published-part.ts'

const maxIntervalMs = 300_000
const refreshMs = 600_000
const farewellMs = 1_000
const maxInboundPerSec = 50

/** The plugin, as `[[plugins]]` loads it. */
export default definePlugin({
  name: 'dht',
  apiVersion: 1,
  config: DhtConfig,
  setup ({ config, settings, identity, announcer, httpRoutes, checks, clock, random, logger }) {
    const bootstrap = config.bootstrap.map(parseBootstrap)
    const policy = new AddressPolicy({ privateToo: config.publish_private, loopbackToo: isLoopbackHost(config.bind), ports: config.dial_ports })
    const rules = { addresses: config.publish_addresses, capabilities: config.publish_capabilities, agents: config.publish_agents }
    const discovery = new DhtDiscovery({
      identity,
      meshId: settings.meshId,
      meshSecret: settings.meshSecret,
      isOn: config.serve || bootstrap.length > 0,
      bootstrap,
      listen: { host: config.bind, port: config.listen_port },
      external: parseExternal(config.external_address),
      policy,
      maxConnections: config.max_connections,
      maxRecords: config.max_records,
      maxInboundPerSec,
      maxIntervalMs,
      refreshMs,
      farewellMs,
      remembered: new KnownNodesFile(settings.home, logger),
      reduce: () => announcer.reduced((announcement) => publishedPart(announcement, rules, policy)),
      clock,
      random,
      logger
    })
    httpRoutes.mount({ path: '/api/v1/dht', access: 'local', listener: dhtRoutes(discovery) })
    addDhtChecks(checks, () => discovery.status())
    return { discovery }
  }
})
