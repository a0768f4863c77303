import type { Address } from '@akshi/core'
import { sameEndpoint } from './wg-peer.ts'

/**
 * What lies between a node and the others, as far as they can tell it: `none`, it is seen at an address of its own; `cone`, its
 * packets leave by one port, whoever they are for (endpoint-independent mapping, RFC 4787, section 4.1); `symmetric`, by another one for each; `nat`,
 * its address is translated, and how is not known; `blocked`, no UDP comes through; `unknown`, nobody has said.
 */
export type NatKind = 'none' | 'cone' | 'symmetric' | 'nat' | 'blocked' | 'unknown'

const kinds: ReadonlySet<unknown> = new Set<NatKind>(['none', 'cone', 'symmetric', 'nat', 'blocked', 'unknown'])

/** Where somebody sees a node. */
export interface Sighting {
  /** Who: its tunnel address. */
  readonly by: string
  readonly at: Address
  /** Where a packet came from that went to another port of the same observer. */
  readonly also?: Address
}

export function isNatKind (value: unknown): value is NatKind {
  return kinds.has(value)
}

/** Whether a kind says something that the other end of a tunnel wants to know. */
export function isTelling (kind: NatKind): boolean {
  return kind !== 'unknown' && kind !== 'nat'
}

/** The kind of NAT in front of a node, from where others see it. Those who see it at its own address are on its side of the NAT. */
export function natKind (sightings: readonly Sighting[], isOwn: (host: string) => boolean): NatKind {
  if (sightings.length === 0) return 'unknown'
  const outside = sightings.filter(({ at }) => !isOwn(at.host))
  const [first] = outside
  if (first === undefined) return 'none'
  const ports = outside.flatMap(({ at, also }) => also === undefined ? [at] : [at, also])
  if (ports.length === 1) return 'nat'
  return ports.every((place) => sameEndpoint(place, first.at)) ? 'cone' : 'symmetric'
}

/** Why no tunnel comes about between two ends, as far as it is known; nothing when nothing speaks against it. */
export function whyNoTunnel (here: NatKind, there: NatKind): string | undefined {
  if (here === 'blocked') return 'no UDP comes through to this node'
  if (there === 'blocked') return 'no UDP comes through to it'
  if (here === 'symmetric' && there === 'symmetric') return 'both NATs are symmetric'
  if (here === 'symmetric' && there !== 'none') return 'the NAT of this node is symmetric'
  if (there === 'symmetric' && here !== 'none') return 'its NAT is symmetric'
}
