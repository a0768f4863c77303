import { runHookSync, type Hooks, type TransportChoice } from '../hooks.ts'
import type { PeerView } from '../peer-book.ts'
import type { Transport } from '../transport.ts'

/** Why a link is dialled when no tap says otherwise. */
export const usualReason = 'a peer has a link of its own'

/** How a peer is to be reached: over its own link, through something shared, or both in that order. */
export interface TransportPlan {
  /** Plugin name of the transport that opens a link to the peer. */
  readonly direct: string | undefined
  /** Plugin names of shared transports that are written while there is no working link. */
  readonly shared: readonly string[]
  /** Why it is so, for people: as the first choice says, or why there is none. */
  readonly reason: string
}

/**
 * Plans a peer's transports: those with a link of its own first, then the shared ones, as changed by `selectTransport`.
 * What stands before the first shared one is dialled.
 *
 * @throws MeshError `MESH_HOOK_FAILED`.
 */
export function planTransports (peer: PeerView, transports: ReadonlyMap<string, Transport>, hooks: Hooks): TransportPlan {
  const names = [...transports].map(([transport, { reach }]): TransportChoice => ({
    transport, reach, reason: reach === 'peer' ? usualReason : 'while no link works'
  }))
  const own = names.filter(({ reach }) => reach === 'peer' && peer.addresses.length > 0)
  const first: readonly TransportChoice[] = [...own, ...names.filter(({ reach }) => reach === 'shared')]
  const choices = runHookSync('selectTransport', () => hooks.selectTransport.call(first, peer)).filter(({ transport }) => transports.has(transport))
  const shared = choices.findIndex(({ reach }) => reach === 'shared')
  const direct = choices.find(({ reach }, index) => reach === 'peer' && (shared < 0 || index < shared))
  return {
    direct: direct?.transport,
    shared: choices.filter(({ reach }) => reach === 'shared').map(({ transport }) => transport),
    reason: direct?.reason ?? whyNoLink(own, choices)
  }
}

function whyNoLink (own: readonly TransportChoice[], choices: readonly TransportChoice[]): string {
  if (own.length === 0) return 'no address of it is known'
  const [first] = choices
  return first === undefined ? 'a tap of selectTransport left no way to it' : `a tap of selectTransport wants ${first.transport}: ${first.reason}`
}
