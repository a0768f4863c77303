import type { Address, Did } from '@akshi/core'
import { tunnelAddress } from './tunnel-address.ts'
import type { WgKey } from './tunnel-key.ts'
import type { WgDevice, WgPeer, WgPeerState } from './wg-device.ts'
import { sameEndpoint } from './wg-peer.ts'

/** A tunnel that should be there. */
export interface DesiredPeer {
  readonly did: Did
  readonly publicKey: WgKey
  /** IP addresses at which it may be found, the likeliest first; none when it is to come to us. */
  readonly endpoints: readonly Address[]
  readonly keepaliveSecs: number
}

/** What has to be done to a device. Removals come first. */
export interface PeerPlan {
  readonly remove: readonly WgKey[]
  readonly set: readonly WgPeer[]
}

/** Sessions older than this carry nothing any more (REJECT_AFTER_TIME of the WireGuard paper, section 6.1). */
const sessionMs = 180_000

/**
 * The difference between the tunnels that should be there and those of a device. A tunnel with a session that still carries is never
 * removed while it is wanted, and never told where its peer is: the peer may have moved, and WireGuard follows it by itself. Peers with
 * one key are one tunnel, with all their endpoints, in the order of their DIDs. Applied to the device, the next plan is empty.
 */
export function planPeers (desired: readonly DesiredPeer[], actual: readonly WgPeerState[], nowMs: number): PeerPlan {
  const wanted = mergeByKey(desired)
  const states = new Map(actual.map((state) => [state.publicKey, state]))
  return {
    remove: actual.filter(({ publicKey }) => !wanted.has(publicKey)).map(({ publicKey }) => publicKey),
    set: [...wanted.values()].flatMap((peer) => planPeer(peer, states.get(peer.publicKey), nowMs))
  }
}

/** Applies a plan. The first failure ends it; the next plan then has the rest. */
export async function applyPlan (device: Pick<WgDevice, 'setPeer' | 'removePeer'>, plan: PeerPlan): Promise<void> {
  for (const publicKey of plan.remove) await device.removePeer(publicKey)
  for (const peer of plan.set) await device.setPeer(peer)
}

/** Keys that several DIDs claim, and those DIDs. Only its holder can use one: the others are mistaken or lie. */
export function sharedKeys (desired: readonly DesiredPeer[]): ReadonlyMap<WgKey, readonly Did[]> {
  const claimants = new Map<WgKey, Set<Did>>()
  for (const { did, publicKey } of desired) claimants.set(publicKey, (claimants.get(publicKey) ?? new Set()).add(did))
  return new Map([...claimants].filter(([, dids]) => dids.size > 1).map(([key, dids]) => [key, [...dids].sort()]))
}

function planPeer ({ publicKey, endpoints, keepaliveSecs }: DesiredPeer, state: WgPeerState | undefined, nowMs: number): readonly WgPeer[] {
  const peer = { publicKey, address: tunnelAddress(publicKey), keepaliveSecs }
  const endpoint = newEndpoint(endpoints, state, nowMs)
  const same = state?.address === peer.address && state.keepaliveSecs === keepaliveSecs
  if (same && endpoint === undefined) return []
  return [endpoint === undefined ? peer : { ...peer, endpoint }]
}

/** Nothing while a session lives, or one of the endpoints is being tried. */
function newEndpoint (endpoints: readonly Address[], state: WgPeerState | undefined, nowMs: number): Address | undefined {
  const lives = state?.lastHandshakeMs !== undefined && nowMs - state.lastHandshakeMs < sessionMs
  const tried = endpoints.some((endpoint) => sameEndpoint(endpoint, state?.endpoint))
  return lives || tried ? undefined : endpoints[0]
}

function mergeByKey (desired: readonly DesiredPeer[]): ReadonlyMap<WgKey, DesiredPeer> {
  const merged = new Map<WgKey, DesiredPeer>()
  for (const peer of desired.toSorted((a, b) => a.did < b.did ? -1 : 1)) {
    const before = merged.get(peer.publicKey)
    merged.set(peer.publicKey, before === undefined ? peer : join(before, peer))
  }
  return merged
}

function join (one: DesiredPeer, other: DesiredPeer): DesiredPeer {
  return { ...one, endpoints: [...one.endpoints, ...other.endpoints], keepaliveSecs: Math.max(one.keepaliveSecs, other.keepaliveSecs) }
}
