import type { Did } from '../did.ts'

/** Is everything everywhere, and if not, what is missing where? */
export interface Convergence {
  readonly agent: string | null
  /** Sum of this node's own last sequence numbers. */
  readonly local_seq: number
  readonly peers: readonly {
    readonly peer_id: Did
    readonly name: string
    readonly acked_seq: number
    /** Envelopes the peer lacks, and envelopes it has that this node lacks. */
    readonly lag: number
    readonly behind: number
    readonly converged: boolean
    readonly reason: string
  }[]
  /** True when there is a peer, and each trusted peer said it has the same; or, with no peers, when the folder has it all. */
  readonly converged: boolean
  readonly heads: readonly string[]
  readonly reason: string
}
