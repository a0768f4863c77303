import type { Address, SignedAnnouncement } from '../announcement.ts'
import { shortDid, type Did } from '../did.ts'
import type { PeerTunnel, PeerView, Trust } from '../peer-book.ts'

export type TrustPolicy = 'known' | 'lan' | 'open'

/** A peer listed in runtime.toml. */
export interface ConfiguredPeer {
  readonly did: Did
  readonly name: string | undefined
  readonly addresses: readonly Address[]
  readonly tunnel?: PeerTunnel
}

/** What is known of one node. */
export interface KnownPeer {
  readonly did: Did
  readonly configured: ConfiguredPeer | undefined
  readonly sources: Set<string>
  addresses: readonly Address[]
  signed: SignedAnnouncement | undefined
  onLink: boolean
  seenAt: number | undefined
  /** When it said goodbye, unless it was met since. */
  leftAt: number | undefined
}

/** Whether a node is trusted, and why. */
export type Judgement = readonly [trust: Trust, reason: string]

/** A node that was not met yet. */
export function unmet (did: Did, configured?: ConfiguredPeer): KnownPeer {
  return { did, configured, sources: new Set(configured === undefined ? [] : ['config']), addresses: [], signed: undefined, onLink: false, seenAt: undefined, leftAt: undefined }
}

/** The one place where trust is decided: by what the operator decided, else by the configuration, else by the policy. */
export function judge ({ did, configured, signed, onLink }: KnownPeer, decision: 'trusted' | 'blocked' | 'untrusted' | undefined, policy: TrustPolicy): Judgement {
  if (decision === 'blocked') return ['blocked', 'blocked by the operator']
  if (decision === 'untrusted') return ['pending', `trust withdrawn: run "akshi trust ${did}" to give it back`]
  if (configured !== undefined) return ['trusted', 'listed in runtime.toml']
  if (decision === 'trusted') return ['trusted', 'approved by the operator']
  if (signed !== undefined && policy === 'open') return ['trusted', 'mesh.trust is "open"']
  if (signed !== undefined && policy === 'lan' && onLink) return ['trusted', 'mesh.trust is "lan" and it is on this network']
  return ['pending', `not approved: run "akshi trust ${did}"`]
}

/** A node as others see it. It gets the name that it gave itself when the operator has given it none. */
export function viewOf ({ did, configured, sources, addresses, signed, seenAt, leftAt }: KnownPeer, operatorName: string | undefined, [trust, trustReason]: Judgement): PeerView {
  return Object.freeze({
    did,
    name: operatorName ?? signed?.announcement.name ?? shortDid(did),
    trust,
    trustReason,
    sources: [...sources],
    addresses: [...addresses, ...(configured?.addresses ?? []).filter((address) => !addresses.some((known) => sameAddress(known, address)))],
    ...(signed === undefined ? {} : { announcement: signed.announcement }),
    ...(configured?.tunnel === undefined ? {} : { tunnel: configured.tunnel }),
    ...(seenAt === undefined ? {} : { seenAt }),
    ...(leftAt === undefined ? {} : { leftAt })
  })
}

/** True for the same host and port. */
export function sameAddress (a: Address, b: Address): boolean {
  return a.host === b.host && a.port === b.port
}
