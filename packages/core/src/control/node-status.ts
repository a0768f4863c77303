import type { Did } from '../did.ts'
import type { CallTiming } from '../isolation/call-meter.ts'
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
  readonly plugins: readonly PluginStatus[]
  /** Shared transports (folders): read always, written while `writing`. */
  readonly shared: readonly (LinkStatus & {
    readonly writing: boolean
    /** Feeds that are not written for now, by reason: a plugin's veto, or a tap that fails. */
    readonly held: readonly { readonly reason: string, readonly feeds: number }[]
  })[]
  readonly notices: readonly Notice[]
}

/** A plugin of a running node, what it is called for, and what that costs. */
export interface PluginStatus {
  readonly name: string
  /** As in `[[plugins]]`; the plugin's name for one that was given as an object. */
  readonly package: string
  /** Of one that has failed nothing runs any more. */
  readonly state: 'running' | 'failed'
  /** Why it has failed. */
  readonly reason?: string
  /** Whether the node ends when it fails. */
  readonly required: boolean
  /** What it gave in `setup`: `transport`, `discovery`, `service`, `prober`. */
  readonly parts: readonly string[]
  /** Its taps first, then what else of it is called. */
  readonly calls: readonly CallTiming[]
  /** Addresses of candidates that it reported beyond its share. */
  readonly candidatesDropped: number
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
