/**
 * LAN discovery: nodes on one local network find each other by DNS-SD over multicast DNS, as `_akshi._tcp.local`.
 */
import { networkInterfaces } from 'node:os'
import { definePlugin } from '@akshi/core'
import { MdnsConfig } from './config.ts'
import { selectInterfaces } from './lan-interface.ts'
import { MdnsDiscovery } from './mdns-discovery.ts'
import { udpMulticast } from './udp-multicast.ts'

/** The plugin, as `[[plugins]]` loads it. */
export default definePlugin({
  name: 'mdns',
  apiVersion: 1,
  config: MdnsConfig,
  setup: ({ config, identity, clock, random, logger }) => ({
    discovery: new MdnsDiscovery(udpMulticast(), {
      did: identity.did,
      port: config.port,
      maxQueryIntervalMs: config.interval_secs * 1000,
      interfaces: () => selectInterfaces(config.interfaces, networkInterfaces()),
      clock,
      random,
      logger
    })
  })
})
