import { networkInterfaces } from 'node:os'
import { definePlugin, type PeerCandidate, type Timer } from '@akshi/core'
import { MdnsConfig } from './config.ts'
import { findBlockade } from './firewall.ts'
import { isMulticastNetwork } from './interface-flags.ts'
import { selectInterfaces } from './lan-interface.ts'
import { LastKnownPeers } from './last-known-peers.ts'
import { LinkWatch } from './link-watch.ts'
import { addMdnsChecks, systemSurroundings } from './mdns-checks.ts'
import { MdnsDiscovery } from './mdns-discovery.ts'
import { mdnsRoutes } from './mdns-routes.ts'
import { udpMulticast } from './udp-multicast.ts'

/** The plugin, as `[[plugins]]` loads it. */
export default definePlugin({
  name: 'mdns',
  apiVersion: 1,
  config: MdnsConfig,
  setup ({ config, settings, identity, peerBook, control, checks, httpRoutes, hooks, clock, random, logger }) {
    const interfaces = () => selectInterfaces(config.interfaces, networkInterfaces(), isMulticastNetwork)
    const mdns = new MdnsDiscovery(udpMulticast(), {
      did: identity.did,
      trusts: (did) => peerBook.trusts(did),
      port: config.port,
      maxQueryIntervalMs: config.interval_secs * 1000,
      interfaces,
      listensOnLinkLocal: settings.dashboard.bind === '::',
      clock,
      random,
      logger
    })
    const lastKnown = new LastKnownPeers({ home: settings.home, peerBook, clock, logger })
    hooks.onPeerDiscovered.tap('mdns', () => lastKnown.note())
    httpRoutes.mount({ path: '/api/v1/mdns', access: 'local', listener: mdnsRoutes(() => mdns.status()) })
    addMdnsChecks(checks, () => mdns.status(), systemSurroundings(findBlockade))
    let reminder: Timer | undefined
    /** One that was met on this network before, and still is on it by its address, is met on it again. */
    const onNetwork = (peer: PeerCandidate): PeerCandidate => ({ ...peer, onLink: peer.addresses.every(({ host }) => interfaces().selected.some((on) => on.contains(host))) })
    return {
      service: new LinkWatch(control, (did) => mdns.doubt(did)),
      discovery: {
        async start (report, signal) {
          const remembered = await lastKnown.read()
          await mdns.start(report, signal)
          reminder = clock.timer(0, () => { for (const peer of remembered) report(onNetwork(peer)) })
        },
        announce: (announcement) => mdns.announce(announcement),
        async stop () {
          reminder?.cancel()
          await Promise.all([mdns.stop(), lastKnown.stop()])
        }
      }
    }
  }
})
