import type { TunnelStatus } from '@akshi/core'
import { sized } from './progress.ts'
import { printable } from './terminal.ts'

/** A tunnel on one line: `up at 203.0.113.7:51820, last handshake 2026-01-01T00:00:00.000Z, 1.2 kB in, 3.4 kB out`. */
export function describeTunnel ({ state, endpoint, lastHandshakeAt, rxBytes, txBytes, nat, reason }: TunnelStatus): string {
  const where = endpoint === undefined ? '' : ` at ${endpoint}`
  const when = lastHandshakeAt === undefined ? 'no handshake yet' : `last handshake ${lastHandshakeAt}`
  const nats = nat === undefined || state === 'up' ? '' : `; NAT here: ${nat.here}, there: ${nat.there}`
  const why = reason === undefined ? '' : `: ${printable(reason)}`
  return `${state}${where}, ${when}, ${sized(rxBytes)} in, ${sized(txBytes)} out${why}${nats}`
}
