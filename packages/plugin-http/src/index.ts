import { networkInterfaces } from 'node:os'
import { definePlugin, type Address } from '@akshi/core'
import { HttpConfig } from './config.ts'
import { Dialler } from './dialler.ts'
import { HttpProber } from './http-prober.ts'
import { HttpTransport } from './http-transport.ts'
import { announceHttp, lastingAddresses, ownAddresses } from './own-addresses.ts'

export { createCertificate, type Certificate } from './certificate.ts'

/**
 * The HTTP transport: envelopes over mutual TLS between nodes, the local API for the operator, and the node's one
 * network port, which other plugins share through `httpRoutes`. It also proves candidates, by dialling them.
 */
export default definePlugin({
  name: 'http',
  apiVersion: 1,
  config: HttpConfig,
  setup ({ config, settings, identity, announcer, control, httpRoutes, tunnels, hooks, clock, logger }) {
    const requestTimeoutMs = config.request_timeout_secs * 1000
    const dialler = new Dialler(identity, clock, config.connect_timeout_secs * 1000)
    const addresses = (port: number) => ownAddresses(settings.dashboard.bind, port, networkInterfaces())
    const transport = new HttpTransport({
      settings, identity, announcer, control, httpRoutes, tunnels, clock, logger, dialler, requestTimeoutMs, maxConnections: config.max_connections, ownAddresses: addresses
    })
    const prober = new HttpProber({ own: identity.did, meshId: settings.meshId, dialler, requestTimeoutMs })
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
