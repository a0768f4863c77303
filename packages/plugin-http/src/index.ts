import { networkInterfaces } from 'node:os'
import { definePlugin, tunnelsFirst, type Address, type Did } from '@akshi/core'
import { addChecks, addressOf, askOver } from './checks.ts'
import { HttpConfig } from './config.ts'
import { Dialler } from './dialler.ts'
import { HttpPeerCaller } from './http-peer-caller.ts'
import { HttpProber } from './http-prober.ts'
import { HttpTransport } from './http-transport.ts'
import { announceHttp, lastingAddresses, ownAddresses } from './own-addresses.ts'
import { PeerClocks } from './peer-clocks.ts'

export { createCertificate, type Certificate } from './certificate.ts'

/**
 * The HTTP transport: envelopes over mutual TLS between nodes, the local API for the operator, and the node's one
 * network port, which other plugins share through `httpRoutes`. It also proves candidates, by dialling them.
 */
export default definePlugin({
  name: 'http',
  apiVersion: 1,
  required: true,
  config: HttpConfig,
  setup ({ config, settings, identity, announcer, control, httpRoutes, tunnels, peerBook, peerCalls, checks, hooks, clock, logger }) {
    const requestTimeoutMs = config.request_timeout_secs * 1000
    const dialler = new Dialler(identity, clock, config.connect_timeout_secs * 1000)
    const addresses = (port: number) => ownAddresses(settings.dashboard.bind, port, networkInterfaces())
    const clocks = new PeerClocks(clock)
    const addressesOf = (did: Did) => tunnelsFirst(peerBook.get(did)?.addresses ?? [], tunnels)
    const caller = new HttpPeerCaller({ dialler, addressesOf, requestTimeoutMs })
    peerCalls.provide(caller)
    const transport = new HttpTransport({
      settings, identity, announcer, control, httpRoutes, tunnels, clock, logger, dialler, caller, clocks, requestTimeoutMs, maxConnections: config.max_connections, ownAddresses: addresses
    })
    const prober = new HttpProber({ own: identity.did, meshId: settings.meshId, dialler, requestTimeoutMs })
    addChecks(checks, {
      own: identity.did,
      dashboard: settings.dashboard,
      control,
      prober,
      clocks,
      clock,
      address: () => httpRoutes.baseUrl === undefined ? undefined : addressOf(new URL(httpRoutes.baseUrl)),
      inside: () => tunnels.own,
      call: (did, address, signal) => askOver(transport, did, address, signal)
    })
    let announced: readonly Address[] = []
    hooks.assembleAnnouncement.tap('http', (announcement) => {
      const { boundPort } = transport
      if (boundPort === undefined) return announcement
      announced = lastingAddresses(announced, addresses(boundPort))
      return announceHttp(announcement, announced)
    })
    return { transport, prober }
  }
})
