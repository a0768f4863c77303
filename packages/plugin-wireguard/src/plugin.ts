import { lookup } from 'node:dns/promises'
import { definePlugin, isNear, isOwn, type Clock, type Logger, type Random } from '@akshi/core'
import { systemCommands } from './commands.ts'
import { WireguardConfig } from './config.ts'
import { createDevice, probeDevice, systemProbe } from './device-probe.ts'
import { isTelling } from './nat-kind.ts'
import { ensureTunnelKey, tunnelKeyPath } from './tunnel-key-file.ts'
import { wgKeyBytes } from './tunnel-key.ts'
import { addTunnelChecks } from './tunnel-checks.ts'
import { Tunneller } from './tunneller.ts'
import type { AnnouncedTunnel } from './wanted-tunnel.ts'
import type { WgDevice } from './wg-device.ts'

/**
 * WireGuard tunnels to the trusted peers that have a key: the node listens inside them too, and dials peers there first. Without the right or
 * the means to make one the node runs without, and says why.
 */
export default definePlugin({
  name: 'wireguard',
  apiVersion: 1,
  config: WireguardConfig,
  setup ({ config, settings, identity, peerBook, control, checks, tunnels, announcer, hooks, clock, random, logger }) {
    const tunneller = new Tunneller({
      peerBook,
      tunnels,
      clock,
      random,
      logger,
      settings: { name: config.interface, owner: `akshi ${identity.did}`, listenPort: config.listen_port, mtu: config.mtu },
      keepaliveSecs: config.keepalive_secs,
      readKey: async () => (await ensureTunnelKey(tunnelKeyPath(settings.home))).key,
      findDevice: () => findDevice({ clock, random, logger }),
      resolve: async (host) => await lookup(host).then(({ address }) => address, () => undefined),
      isNear: (host) => isNear(host),
      isOwn: (host) => isOwn(host),
      isLinked: (did) => control.why(did).peer.link?.state === 'up',
      changed: () => announcer.refresh()
    })
    addTunnelChecks(checks, { control, port: config.listen_port, whyNone: () => tunneller.whyNone, nat: () => tunneller.nat })
    hooks.onPeerDiscovered.tap('wireguard', () => tunneller.look())
    hooks.assembleAnnouncement.tap('wireguard', (announcement) => {
      const { publicKey, nat } = tunneller
      if (publicKey === undefined) return announcement
      const wireguard: AnnouncedTunnel = { key: wgKeyBytes(publicKey), port: config.listen_port, ...isTelling(nat) && { nat } }
      return { ...announcement, capabilities: [...announcement.capabilities, 'wireguard'], extra: { ...announcement.extra, wireguard } }
    })
    return {
      service: tunneller,
      discovery: {
        start: async (report, signal) => {
          signal.throwIfAborted()
          tunneller.reportTo(report)
        },
        announce: async () => {},
        stop: async () => tunneller.reportTo()
      }
    }
  }
})

/** The device that this machine can make, or why it can make none. */
async function findDevice (parts: { readonly clock: Clock, readonly random: Random, readonly logger: Logger }): Promise<WgDevice | string> {
  const commands = systemCommands
  const probed = await probeDevice(systemProbe(commands))
  return createDevice(probed, { ...parts, commands }) ?? probed.reasons.join('; ')
}
