import { createIdentity, type Convergence, type PeerConvergence } from '@akshi/core'

/** A node's answer: it has converged, and has nothing to tell, but for what is given. */
export function answerOf (given: Partial<Convergence> = {}): Convergence {
  return {
    agent: null,
    local_seq: 0,
    peers: [],
    missing: [],
    parked: [],
    vouched: [],
    quarantined: [],
    forks: [],
    left_out: { missing: 0, parked: 0, vouched: 0, quarantined: 0, forks: 0 },
    converged: true,
    heads: [],
    reason: '',
    ...given
  }
}

/** A linked peer that has the same, but for what is given. */
export function peerOf (given: Partial<PeerConvergence> = {}): PeerConvergence {
  return {
    peer_id: createIdentity().did,
    name: 'peer',
    acked_seq: 0,
    lag: 0,
    behind: 0,
    converged: true,
    linked: true,
    reason: '',
    missing_there: [],
    missing_here: [],
    withheld: [],
    held: [],
    differing: [],
    left_out: { missing_there: 0, missing_here: 0, withheld: 0, held: 0, differing: 0 },
    ...given
  }
}
