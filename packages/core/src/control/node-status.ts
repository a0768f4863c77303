import type { Did } from '../did.ts'
import type { FeedId } from '../transport.ts'
import type { JournalStatus } from './journal-status.ts'
import type { LinkStatus, PeerStatus } from './peer-status.ts'

export interface NodeStatus {
  readonly name: string
  readonly did: Did
  readonly version: string
  readonly pid: number
  readonly home: string
  readonly startedAt: string
  readonly mesh: { readonly id: string, readonly trust: 'known' | 'lan' | 'open' }
  /** Base URL of the local API and page. */
  readonly url: string
  /** The transport in use and why: HTTP when there are peers, the shared folder when there are none, both when mixed. */
  readonly transport: { readonly active: readonly string[], readonly reason: string, readonly since: string }
  readonly peers: readonly PeerStatus[]
  readonly journals: readonly JournalStatus[]
  readonly plugins: readonly { readonly name: string, readonly package: string }[]
  /** Shared transports (folders): read always, written while `writing`. */
  readonly shared: readonly (LinkStatus & { readonly writing: boolean })[]
  readonly notices: readonly Notice[]
}

/** Something an operator should know, with how often it happened. */
export interface Notice {
  readonly code: string
  readonly message: string
  readonly count: number
  readonly at: string
  /** What it is about, where it is about one feed. */
  readonly feed?: FeedId
}
