import type { Address, SignedAnnouncement } from './announcement.ts'
import type { Did } from './did.ts'

/** What a discovery heard: a claim, by anybody, that this node is to be met at these addresses. */
export interface PeerCandidate {
  readonly did: Did
  readonly addresses: readonly Address[]
  /** True when it was heard on a link that both nodes share, so that `trust = "lan"` may admit it. Default false. */
  readonly onLink?: boolean
  /**
   * Its announcement, as it was signed. Core verifies it, and takes it of nodes that the operator trusts, so that a tunnel can be made to
   * one that nobody can dial.
   */
  readonly announcement?: Uint8Array
}

/**
 * Finds candidates and makes this node findable. It trusts nobody: core proves each candidate by dialling it, notes its
 * trust and then tells everybody else.
 */
export interface Discovery {
  /**
   * Resolves when the discovery works. It may call `report` from then until `stop` resolves, as often as it likes, also
   * for what it reported before; `report` returns at once and never throws. The signal aborts a start that takes too long.
   */
  start (report: (candidate: PeerCandidate) => void, signal: AbortSignal): Promise<void>
  /** Makes this announcement findable; called after `start`, and again whenever the announcement changes. */
  announce (announcement: SignedAnnouncement): Promise<void>
  /** Takes the node's records back where the mechanism can, and leaves no timer, socket or handle. Safe before `start`. */
  stop (): Promise<void>
}
