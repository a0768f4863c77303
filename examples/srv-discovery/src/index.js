import { definePlugin } from '@akshi/core'
import { SrvConfig } from './config.js'
import { DnsZone } from './dns-zone.js'
import { SrvDiscovery } from './srv-discovery.js'

/** The plugin: a discovery that asks the DNS. */
export default definePlugin({
  name: 'srv',
  apiVersion: 1,
  config: SrvConfig,
  setup: ({ config: { domain, service, servers, interval_secs: intervalSecs }, clock, logger, checks }) => {
    const zone = new DnsZone({ name: `${service}.${domain}`, servers })
    checks.add('srv', () => zone.check())
    return { discovery: new SrvDiscovery({ zone, intervalMs: intervalSecs * 1000, clock, logger }) }
  }
})
