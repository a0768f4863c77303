import type { Address, Did } from '@akshi/core'
import type { JoinTry } from './join-watch.ts'
import type { Member } from './member-list.ts'

/** How this node stands in the DHT, as `akshi dht status` shows it. */
export interface DhtStatus {
  /** Off: no bootstrap node is configured, nor `serve`. */
  readonly state: 'off' | 'joining' | 'joined'
  /** Whether others keep records here: it can be dialled. */
  readonly role?: 'server' | 'client'
  readonly port?: number
  /** Where others are told to dial it. */
  readonly addresses?: readonly Address[]
  readonly nodes?: number
  readonly connections?: number
  /** Requests that it has sent to other nodes to publish, search and look up. */
  readonly requests?: number
  readonly members?: number
  /** Nodes that took this node's record the last time, and when that was. */
  readonly copies?: number
  readonly publishedAt?: string
  /** What this node keeps for others. */
  readonly records?: number
  readonly listings?: number
  /** The last attempts to join. */
  readonly tries?: readonly JoinTry[]
  readonly isPolyfilled: boolean
}

/** What is known of a node by the DHT. */
export interface DhtEntry {
  readonly did: Did
  readonly source: 'itself' | 'DHT' | 'nobody'
  /** Where its mesh port is said to be. */
  readonly addresses: readonly Address[]
  readonly capabilities: readonly string[]
  readonly agents: readonly string[]
  readonly seq?: number
  readonly issuedAt?: string
  readonly expiresAt?: string
  /** Why there is no more to say: it has left, its record is of another mesh, it was not found, it did not answer. */
  readonly reason?: string
}

/** A member as the operator sees it. */
export function entryOf ({ did, announcement: signed, source, error }: Member): DhtEntry {
  const { addresses = [], capabilities = [], agents = [], seq, issuedAt, expiresAt } = signed?.announcement ?? {}
  return {
    did,
    source: source ?? 'nobody',
    addresses,
    capabilities,
    agents,
    ...seq !== undefined && { seq },
    ...issuedAt !== undefined && { issuedAt: new Date(issuedAt).toISOString() },
    ...expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() },
    ...error !== undefined && { reason: error }
  }
}
